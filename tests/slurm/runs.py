"""Snakemake started on the test cluster, in clones whose models are small and random."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from grp import getgrnam
from pathlib import Path
from typing import Any, TypeVar

from lvlm_compress.artifacts import read_lines
from tests.slurm.cluster import Cluster
from tests.workflow.clone import Clone
from tests.workflow.live import make_live_clone

LIMIT = 700
PROFILE = "profiles/slurm/config.yaml"
Found = TypeVar("Found")
# What users without rights have in common.
GROUP = getgrnam("daemon").gr_gid

# What a stage's process saw, written down by the interpreter as it starts.
WITNESS = """
import json, os, sys, time
from pathlib import Path

if {"lvlm_compress.generate", "lvlm_compress.stages.sweep"} & set(sys.orig_argv):
    names = ("CUDA_VISIBLE_DEVICES", "SLURMD_NODENAME")
    seen = {name: os.environ.get(name) for name in names} | {"pid": os.getpid()}
    folder = Path(__file__).parents[1] / "witness"
    folder.mkdir(exist_ok=True)
    (folder / f"{time.time_ns()}.json").write_text(json.dumps(seen))
"""


class Run:
    """One `snakemake --profile slurm`, in the background."""

    def __init__(self, cluster: Cluster, clone: Clone, *words: str, user: int = 0) -> None:
        self.cluster, self.clone = cluster, clone
        self.file = clone.root / f"run-{time.monotonic_ns()}.txt"
        self.started = time.monotonic()
        with self.file.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "snakemake", "--profile", "slurm", *words],
                cwd=clone.root,
                env=clone.environment | cluster.environment | {"HOME": str(clone.root)},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user,
                group=GROUP if user else 0,
                extra_groups=[],
                umask=0o002,
            )

    @property
    def output(self) -> str:
        """What it has said so far."""
        return self.file.read_text()

    def end(self) -> int:
        """Wait; the exit code, which its output ends with, and how long it took."""
        waited = self.process.returncode is None
        code = self.process.wait(LIMIT)
        if waited:
            with self.file.open("a") as output:
                output.write(f"exit code {code} after {time.monotonic() - self.started:.0f} s\n")
        return code

    def succeed(self) -> Run:
        """Wait and insist."""
        assert self.end() == 0, self.output[-8000:] + self.cluster.logs()
        return self

    def kill(self) -> None:
        """`kill -9` of Snakemake itself; its jobs belong to Slurm."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def jobs(self) -> list[dict[str, str]]:
        """The run's Slurm jobs, in the order of their submission."""
        name = self.output.partition("SLURM run ID: ")[2].split()
        found = [job for job in self.cluster.jobs() if name and job["JobName"] == name[0]]
        return sorted(found, key=lambda job: int(job["JobId"]))


def site_clone(folder: Path, like: Clone, grid: str, **site: str | int) -> Clone:
    """A clone with a model, a grid and the cluster's lines in its profile."""
    folder.mkdir(exist_ok=True)
    clone = make_live_clone(folder, like)
    (folder / "mine.yaml").write_text(grid)
    (folder / "workflow" / "sitecustomize.py").write_text(WITNESS)
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


def witnesses(clone: Clone) -> list[dict[str, Any]]:
    """What the clone's generate processes saw, in the order of their start."""
    files = sorted((clone.root / "witness").glob("*.json"))
    return [json.loads(text) for file in files if (text := file.read_text())]


def generations(store: Path) -> dict[str, tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Header and rows of every generation in a store, by the cell's name."""
    files = [file for file in store.glob("generations/*/*/*/*/*.jsonl") if len(file.stem) == 16]
    found = [read_lines(file) for file in files]
    return {header["name"]: (header, rows) for header, rows in found}


def journal(store: Path) -> list[dict[str, Any]]:
    """Rows that are in journals, so in no artifact yet."""
    files = sorted(store.glob("generations/*/*/*/*/*.*.jsonl"))
    lines = [line for file in files for line in file.read_bytes().split(b"\n")[:-1]]
    return [json.loads(line) for line in lines]


def leftovers(store: Path) -> list[Path]:
    """Journals and half-written files."""
    return [*store.glob("generations/*/*/*/*/*.*.jsonl"), *store.rglob("*.part")]


def long_cell(folder: Path, like: Clone, items: int, resources: str, **site: str) -> Clone:
    """A clone with one cell of long answers: the model's stop tokens are taken from it."""
    clone = site_clone(folder, like, LONG.format(items=items, resources=resources), **site)
    file = clone.root / "model" / "generation_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"eos_token_id": [2]}))
    return clone


LONG = """
engine: reference
models:
  m: {{family: llava, path: model, dtype: float32, resources: {resources}}}
calibration: {{text: text.jsonl}}
compressions: [fp16]
benchmarks:
  gqa: {{data: {{embedded: {{items: {items}}}}}, max_new_tokens: 128}}
"""
