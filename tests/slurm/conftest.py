"""One cluster for all scenarios, which start together and wait for each other only in the queue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.slurm.cluster import Cluster, missing
from tests.workflow.clone import Clone
from tests.workflow.live import make_live_clone


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running Slurm; skips where none can be started."""
    reason = missing()
    if reason is not None:
        pytest.skip(f"Slurm: {reason}")
    made = Cluster()
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="session")
def model(cluster, tmp_path_factory) -> Clone:
    """A clone whose model the others copy."""
    return make_live_clone(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def begun(request, cluster, model, tmp_path_factory) -> dict[str, Any]:
    """The scenarios of all modules that are going to be tested, begun: `begin` of each module."""
    modules = {item.module.__name__: item.module for item in request.session.items}
    return {
        name: module.begin(cluster, model, tmp_path_factory.mktemp(name.rpartition("_")[2]))
        for name, module in modules.items()
        if name.startswith(__package__) and hasattr(module, "begin")
    }


@pytest.fixture(scope="module")
def scenario(request, begun) -> Any:
    """What this module's `begin` returned."""
    return begun[request.module.__name__]
