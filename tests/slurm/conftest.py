"""One cluster for all scenarios, which play together and meet only in its queues."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from tests.slurm.cluster import Cluster, missing
from tests.workflow.clone import Clone
from tests.workflow.live import make_live_clone


@pytest.fixture(scope="package")
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


@pytest.fixture(scope="package")
def model(cluster, tmp_path_factory) -> Clone:
    """A clone whose model the others copy."""
    return make_live_clone(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="package")
def playing(request, cluster, model, tmp_path_factory) -> Iterator[dict[str, Future[Any]]]:
    """Every chosen module's `play`, in a thread of its own."""
    modules = {item.module.__name__: item.module for item in request.session.items}
    ours = {name: found for name, found in modules.items() if name.startswith(__package__)}
    pool = ThreadPoolExecutor(max_workers=max(len(ours), 1))
    yield {
        name: pool.submit(found.play, cluster, model, tmp_path_factory.mktemp("run"))
        for name, found in ours.items()
    }
    # What still waits for a run that a failed test no longer asks for ends with the cluster.
    pool.shutdown(wait=False, cancel_futures=True)


@pytest.fixture(scope="module")
def played(request, playing) -> Any:
    """What this module's `play` returned, or its error."""
    return playing[request.module.__name__].result()
