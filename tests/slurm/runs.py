"""Snakemake started on the test cluster, in clones whose models are small and random."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from lvlm_compress.artifacts import read_lines
from tests.slurm.cluster import Cluster
from tests.workflow.clone import Clone
from tests.workflow.live import make_live_clone

LIMIT = 600
PROFILE = "profiles/slurm/config.yaml"
Found = TypeVar("Found")


class Run:
    """One `snakemake --profile slurm`, in the background."""

    def __init__(
        self, cluster: Cluster, clone: Clone, *targets: str, user: int | None = None
    ) -> None:
        self.cluster, self.clone = cluster, clone
        self.file = clone.root / f"run-{time.monotonic_ns()}.txt"
        self.started, self.seconds = time.monotonic(), 0.0
        who: dict[str, Any] = {} if user is None else {"user": user, "group": user, "umask": 0o002}
        who |= {"extra_groups": []} if user is not None else {}
        home = {} if user is None else {"HOME": str(clone.root)}
        with self.file.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "snakemake", "--profile", "slurm", *targets],
                cwd=clone.root,
                env=clone.environment | cluster.environment | home,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **who,
            )

    @property
    def output(self) -> str:
        """What it has said so far."""
        return self.file.read_text()

    def end(self) -> int:
        """Wait; the exit code."""
        code = self.process.wait(LIMIT)
        self.seconds = self.seconds or time.monotonic() - self.started
        return code

    def succeed(self) -> None:
        """Wait and insist."""
        code = self.end()
        print(f"{self.clone.root.name}: {self.seconds:.0f} s")
        assert code == 0, self.output[-6000:] + self.cluster.logs()

    def kill(self) -> None:
        """`kill -9` of Snakemake itself; its jobs belong to Slurm."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def jobs(self, rule: str = "generate") -> list[dict[str, str]]:
        """The run's Slurm jobs of a rule, in the order of their submission."""
        name = self.output.partition("SLURM run ID: ")[2].split()
        return [job for job in self.cluster.jobs() if name and job["JobName"] == name[0]]


def site_clone(folder: Path, like: Clone, grid: str, **site: str | int) -> Clone:
    """A clone with a model, a grid and the cluster's lines in its profile."""
    clone = make_live_clone(folder, like)
    (folder / "mine.yaml").write_text(grid)
    clone.edit("config.yaml", "grid: embedded", "grid: mine.yaml")
    clone.edit(PROFILE, "status-checks: 20", "status-checks: 2")
    for name, value in site.items():
        clone.edit(PROFILE, "default-resources:\n", f"default-resources:\n  {name}: {value}\n")
    return clone


def until(what: Callable[[], Found], seconds: float = LIMIT) -> Found:
    """What a function finds, as soon as it finds something."""
    limit = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < limit, f"{what} found nothing in {seconds} s"
        time.sleep(0.5)
    return found


def generations(store: Path) -> dict[str, tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Header and rows of every generation in a store, by the cell's name."""
    files = [file for file in store.glob("generations/*/*/*/*/*.jsonl") if len(file.stem) == 16]
    found = [read_lines(file) for file in files]
    return {header["name"]: (header, rows) for header, rows in found}


def journals(store: Path) -> Iterator[dict[str, Any]]:
    """Rows that are in journals, so in no artifact yet."""
    for file in store.glob("generations/*/*/*/*/*.*.jsonl"):
        for line in file.read_bytes().split(b"\n")[:-1]:
            yield json.loads(line)
