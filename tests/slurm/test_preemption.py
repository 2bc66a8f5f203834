"""A job that has to make room stops by itself, is queued again, and goes on from its journal."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.slurm.runs import Run, generations, journal, leftovers, long_cell, until

pytestmark = pytest.mark.slow

ITEMS = 100


def play(cluster, model, folder) -> tuple[Run, float]:
    """The run, and the seconds that the urgent job had to wait for the node."""
    clone = long_cell(folder, model, ITEMS, "{minutes: 30}", slurm_partition="spot")
    run = Run(cluster, clone, "generations")
    until(lambda: len(journal(clone.root / "results")) >= 3)
    number = cluster("sbatch", "--parsable", "-p", "urgent", "-o", "/dev/null", "--wrap", "true")
    until(lambda: state(cluster, number)["JobState"] == "COMPLETED")
    times = [
        datetime.fromisoformat(state(cluster, number)[f"{at}Time"]) for at in ("Submit", "Start")
    ]
    return run.succeed(), (times[1] - times[0]).total_seconds()


def state(cluster, number: str) -> dict[str, str]:
    return next(job for job in cluster.jobs() if job["JobId"] == number.strip())


def test_it_makes_room_by_itself(played):
    """What ignores SIGTERM would hold the node for a minute, which is this Slurm's KillWait.

    The stage itself stops within 10 s (tests/generation/test_resume.py); the rest is Slurm's and
    Snakemake's, 10 to 23 s in all where the machine is not busy with other scenarios as well.
    """
    _, seconds = played
    assert seconds < 50


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
