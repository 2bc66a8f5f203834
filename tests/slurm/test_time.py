"""A job that runs out of time comes again with more of it, and goes on from its journal."""

from __future__ import annotations

import os
import signal

import pytest

from tests.slurm.runs import Run, generations, journal, leftovers, long_cell, until, witnesses

pytestmark = pytest.mark.slow

ITEMS = 40


def play(cluster, model, folder) -> Run:
    """A minute is all that the first attempt gets, and it stands still for most of it."""
    clone = long_cell(folder, model, ITEMS, "{minutes: 1}")
    run = Run(cluster, clone, "generations")
    until(lambda: len(journal(clone.root / "results")) >= 3)
    os.kill(witnesses(clone)[-1]["pid"], signal.SIGSTOP)
    return run.succeed()


def test_the_second_attempt_has_more_time(played):
    jobs = played.jobs()
    assert [job["JobState"] for job in jobs] == ["TIMEOUT"] * (len(jobs) - 1) + ["COMPLETED"]
    limits = [job["TimeLimit"] for job in jobs]
    assert limits == ["00:01:00", "00:02:00", "00:03:00"][: len(jobs)]
    assert len(jobs) > 1


def test_it_goes_on_from_the_journal(played):
    ((header, rows),) = generations(played.clone.root / "results").values()
    assert len(rows) == ITEMS
    assert header["facts"]["answered"] <= ITEMS - 3
    assert leftovers(played.clone.root / "results") == []
