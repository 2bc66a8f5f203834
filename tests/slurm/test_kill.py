"""Snakemake is killed, its jobs run on, and a second start meets them."""

from __future__ import annotations

import pytest

from tests.slurm.runs import Run, generations, journal, leftovers, long_cell, until

pytestmark = pytest.mark.slow

ITEMS = 60


def play(cluster, model, folder) -> tuple[Run, Run, Run]:
    clone = long_cell(folder, model, ITEMS, "{minutes: 30}")
    killed = Run(cluster, clone, "generations")
    until(lambda: len(journal(clone.root / "results")) >= 3)
    killed.kill()
    second = Run(cluster, clone, "generations").succeed()
    until(lambda: all(job["JobState"] == "COMPLETED" for job in killed.jobs()))
    return killed, second, Run(cluster, clone, "generations").succeed()


def test_nothing_needs_unlocking_and_the_orphan_ends_well(played):
    killed, second, _ = played
    states = [job["JobState"] for job in [*killed.jobs(), *second.jobs()]]
    assert states == ["COMPLETED"] * 2


def test_there_is_one_whole_artifact(played):
    _, second, _ = played
    ((_, rows),) = generations(second.clone.root / "results").values()
    assert len({row["id"] for row in rows}) == len(rows) == ITEMS
    assert leftovers(second.clone.root / "results") == []


def test_a_third_start_has_nothing_to_do(played):
    *_, third = played
    assert third.jobs() == []
