"""Planning costs the submit host about what a bare workflow of as many jobs does: docs/scale.md."""

from __future__ import annotations

import pytest
from benchmarks.scale import compare

from tests.planning.large import CELLS_PER_MODEL, large_grid
from tests.workflow.clone import make_clone

MODELS = 3


@pytest.mark.slow
def test_a_dry_run_takes_at_most_1_3_of_a_bare_workflows_time(tmp_path):
    (tmp_path / "ours").mkdir()
    make_clone(tmp_path / "ours")
    large_grid(tmp_path / "ours", MODELS)
    row = compare(tmp_path, "large.yaml", repeats=2)
    assert row["cells"] == MODELS * CELLS_PER_MODEL
    assert row["jobs"] > 2 * row["cells"]
    # Processor time: neighbours on the machine don't count.
    assert row["ratio"] < 1.3
    assert row["ours_memory"] < 1.3 * row["bare_memory"]
