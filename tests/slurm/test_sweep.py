"""A sweep on the cluster: one job answers both cells; killed for its time, it goes on where it was."""

from __future__ import annotations

import os
import signal

import pytest

from tests.slurm.runs import Run, generations, journal, leftovers, long_cell, until

pytestmark = pytest.mark.slow

ITEMS = 12
RUNTIME = ("--config", "runtime={cells_per_job: 8}")


def play(cluster, model, folder) -> Run:
    """The first attempt stands still until its minute is over."""
    clone = long_cell(folder, model, ITEMS, "{minutes: 1}")
    clone.edit(
        "mine.yaml",
        "compressions: [fp16]",
        "compressions: {fp16: , late: {kv: kv2-t128, order: after}}",
    )
    run = Run(cluster, clone, "generations", *RUNTIME)
    until(lambda: len(journal(clone.root / "results")) >= 4)
    (sweeping,) = {pid for pid in os.listdir("/proc") if pid.isdigit() and _sweeps(pid, folder)}
    os.kill(int(sweeping), signal.SIGSTOP)
    return run.succeed()
