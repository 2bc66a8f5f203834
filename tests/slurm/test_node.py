"""A node goes down with a job on it: another node goes on from the journal."""

from __future__ import annotations

import pytest

from tests.slurm.runs import Run, generations, journal, long_cell, until, witnesses

pytestmark = pytest.mark.slow

ITEMS = 60


def play(cluster, model, folder) -> Run:
    clone = long_cell(folder, model, ITEMS, "{minutes: 30}", slurm_partition="fragile")
    run = Run(cluster, clone, "generations")
    until(lambda: len(journal(clone.root / "results")) >= 3)
    cluster.lose(witnesses(clone)[-1]["SLURMD_NODENAME"])
    return run.succeed()


def test_another_node_takes_over(played):
    (job,) = played.jobs()
    assert (job["JobState"], job["Restarts"]) == ("COMPLETED", "1")
    nodes = [found["SLURMD_NODENAME"] for found in witnesses(played.clone)]
    assert sorted(nodes) == ["d1", "d2"]


def test_it_goes_on_from_the_journal(played):
    ((header, rows),) = generations(played.clone.root / "results").values()
    assert len(rows) == ITEMS
    assert header["facts"]["answered"] <= ITEMS - 3
