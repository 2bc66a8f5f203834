"""A small simulated grid, made once: two models, the paper's shapes, a hundredth of its sizes."""

from __future__ import annotations

from pathlib import Path

import pytest

from lvlm_compress.reporting.cells import ReportCell
from tests.reporting.simulated import grid

BENCHMARKS = ["mmvet", "textvqa", "mme", "hallusionbench", "pairs", "socialcounterfactuals"]
COMPRESSIONS = ["fp16", "kv4-t128", "kv2-t128", "kv2-kc128-vt128", "w4-awq+kv2-kc128-vt128"]


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> list[ReportCell]:
    """Cells of a simulated grid."""
    chosen = [s for s in grid.setups(["LLaVA-1.5-7B"]) if s.compression in COMPRESSIONS]
    return grid.write(tmp_path_factory.mktemp("grid"), chosen, 0.02, BENCHMARKS)


@pytest.fixture(scope="session")
def statistics(simulated: list[ReportCell], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its statistics folder."""
    from lvlm_compress.reporting.statistics.run import run

    out = tmp_path_factory.mktemp("statistics")
    run(simulated, out, 200)
    return out
