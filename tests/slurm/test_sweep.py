"""A sweep: one job answers two cells; out of time, it comes again and goes on where it was."""

from __future__ import annotations

import os
import signal

import pytest

from tests.slurm.runs import Run, generations, journal, leftovers, long_cell, until, witnesses

pytestmark = pytest.mark.slow

ITEMS = 10
CELLS = "compressions: {fp16: , late: {kv: kv2-t128, order: after}}"
RUNTIME = ("--config", "runtime={cells_per_job: 8}")


def play(cluster, model, folder) -> tuple[Run, Run]:
    """The first attempt stands still until its minute is over; then the same command again."""
    clone = long_cell(folder, model, ITEMS, "{minutes: 1}")
    clone.edit("mine.yaml", "compressions: [fp16]", CELLS)
    run = Run(cluster, clone, "generations", *RUNTIME)
    until(lambda: len(journal(clone.root / "results")) >= 4)
    os.kill(witnesses(clone)[-1]["pid"], signal.SIGSTOP)
    return run.succeed(), Run(cluster, clone, "generations", *RUNTIME).succeed()


def test_one_job_is_repeated_with_more_time(played):
    run, _ = played
    jobs = run.jobs()
    assert [job["JobState"] for job in jobs] == ["TIMEOUT"] * (len(jobs) - 1) + ["COMPLETED"]
    assert len(jobs) > 1


def test_both_cells_go_on_from_their_journals(played):
    run, _ = played
    found = generations(run.clone.root / "results")
    assert len(found) == 2
    assert all(len(rows) == ITEMS for _, rows in found.values())
    assert {header["facts"]["cells_together"] for header, _ in found.values()} == {2}
    assert sum(header["facts"]["answered"] for header, _ in found.values()) <= 2 * ITEMS - 4
    assert leftovers(run.clone.root / "results") == []


def test_a_second_start_has_nothing_to_do(played):
    _, again = played
    assert "Nothing to be done" in again.output
    assert again.jobs() == []
