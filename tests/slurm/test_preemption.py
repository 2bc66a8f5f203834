"""A job that has to make room stops by itself, is queued again, and goes on from its journal."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.slurm.runs import Run, generations, journal, leftovers, long_cell, until, witnesses

pytestmark = pytest.mark.slow

ITEMS = 100


def play(cluster, model, folder) -> tuple[Run, float]:
    """The run, and the seconds from the urgent job's arrival to the end of the stage's process."""
    clone = long_cell(folder, model, ITEMS, "{minutes: 30}", slurm_partition="spot")
    run = Run(cluster, clone, "generations")
    until(lambda: len(journal(clone.root / "results")) >= 3)
    stage = Path("/proc", str(witnesses(clone)[-1]["pid"]))
    number = cluster("sbatch", "--parsable", "-p", "urgent", "-o", "/dev/null", "--wrap", "true")
    arrived = time.monotonic()
    until(lambda: not stage.exists())
    seconds = time.monotonic() - arrived
    until(lambda: state(cluster, number)["JobState"] == "COMPLETED")
    return run.succeed(), seconds


def state(cluster, number: str) -> dict[str, str]:
    return next(job for job in cluster.jobs() if job["JobId"] == number.strip())


def test_it_makes_room_within_thirty_seconds(played):
    """What ignores SIGTERM would hold the node for a minute, which is this Slurm's KillWait."""
    _, seconds = played
    assert seconds < 30


def test_slurm_starts_it_again_and_snakemake_waits(played):
    run, _ = played
    (job,) = run.jobs()
    assert (job["JobState"], job["Restarts"]) == ("COMPLETED", "1")


def test_it_goes_on_from_the_journal(played):
    run, _ = played
    ((header, rows),) = generations(run.clone.root / "results").values()
    assert len(rows) == ITEMS
    assert header["facts"]["answered"] <= ITEMS - 3
    assert leftovers(run.clone.root / "results") == []
