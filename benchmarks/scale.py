"""What planning costs the submit host, beside a bare Snakemake workflow of equally many jobs.

    PYTHONPATH=workflow:. python benchmarks/scale.py [--grid paper | --models 20] [--repeats 3]

Ours is a clone whose models and data are folders with nothing but a manifest; `benchmarks/bare.smk`
has the same jobs, inputs, outputs and logs under plain names. `snakemake -n` of both is
run alternating, nothing being there yet; medians make one row of docs/scale.md: cells, jobs,
seconds of `make_plan`, then seconds and peak memory (`ru_maxrss`) of ours and of the bare one.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.planning.large import large_grid
from tests.workflow.clone import make_clone
from tests.workflow.fake import fake

from lvlm_compress.cells import Cell
from lvlm_compress.plan import Plan, make_plan
from lvlm_compress.settings import ROOT, read_yaml, resolve

BARE = Path(__file__).with_name("bare.smk")


@dataclass(frozen=True)
class Run:
    """One dry run: jobs that it counts, wall and processor seconds, peak memory in MB."""

    jobs: int
    wall: float
    cpu: float
    memory: float


def plan_of(folder: Path, grid: str) -> tuple[Plan, float]:
    """The plan of a grid in a clone, and the processor seconds it took (best of three)."""
    taken = []
    for _ in range(3):
        started = time.process_time()
        plan = make_plan(resolve(folder, read_yaml(ROOT / "config.yaml"), grid))
        taken.append(time.process_time() - started)
    if not isinstance(plan, Plan):
        raise SystemExit(f"{plan.path} has no identity.")
    return plan, min(taken)


def write_bare(folder: Path, plan: Plan) -> None:
    """The bare workflow of a plan: its Snakefile, and inputs by the names of the jobs."""
    inputs: dict[str, dict[str, list[str]]] = {"generation": {}, "lexicon": {}, "score": {}}
    for cell in plan.cells.values():
        if cell.kind in inputs:
            inputs[cell.kind][cell.name] = [bare_path(found) for found in cell.inputs.values()]
    content = {**inputs, "scores": [bare_path(cell) for cell in plan.scores]}
    folder.mkdir()
    (folder / "plan.json").write_text(json.dumps(content))
    shutil.copy(BARE, folder / "Snakefile")


def bare_path(cell: Cell) -> str:
    """A cell's path without its digest."""
    return cell.path.replace(f"/{cell.digest}", "")


def dry_run(folder: Path, *config: str) -> Run:
    """`snakemake -n` in a folder; a failure ends the measurement with its last words."""
    command = [sys.executable, "-m", "snakemake", "-n", "--cores", "1", *config]
    environment = os.environ | {"PYTHONPATH": str(folder / "workflow"), "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryFile("w+") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        output.seek(0)
        text = output.read()
    total = re.search(r"^total +(\d+)$", text, re.MULTILINE)
    if status or total is None:
        raise SystemExit(text[-2000:])
    cpu = usage.ru_utime + usage.ru_stime
    return Run(int(total[1]), wall, cpu, usage.ru_maxrss / 1024)


def median(runs: list[Run], name: str) -> float:
    """The median of one figure."""
    return statistics.median(getattr(run, name) for run in runs)


def compare(folder: Path, grid: str, repeats: int) -> dict[str, float]:
    """Medians of ours and of the bare workflow, run in turns."""
    plan, planning = plan_of(folder / "ours", grid)
    write_bare(folder / "bare", plan)
    runs: dict[str, list[Run]] = {"ours": [], "bare": []}
    for _ in range(repeats):
        runs["ours"].append(dry_run(folder / "ours", "--config", f"grid={grid}"))
        runs["bare"].append(dry_run(folder / "bare"))
    jobs = {run.jobs for made in runs.values() for run in made}
    if len(jobs) > 1:
        raise SystemExit(f"Ours and the bare workflow have different numbers of jobs: {jobs}.")
    row: dict[str, float] = {"cells": len(plan.scores), "jobs": jobs.pop(), "plan": planning}
    for name, made in runs.items():
        row |= {f"{name}_{key}": median(made, key) for key in ("wall", "cpu", "memory")}
    # The least of each: what neighbours on the machine add is never negative.
    least = {name: min(run.cpu for run in made) for name, made in runs.items()}
    return row | {"ratio": least["ours"] / least["bare"]}


def main() -> None:
    """Build both workflows, time them, print a row as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grid", help="a shipped grid instead of a made one")
    parser.add_argument(
        "--models", type=int, default=20, help="models of the made grid, 800 cells each"
    )
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ours").mkdir()
        make_clone(folder / "ours")
        if given.grid:
            fake(folder / "ours", given.grid)
        else:
            large_grid(folder / "ours", given.models)
        row = compare(folder, given.grid or "large.yaml", given.repeats)
    print(json.dumps({key: round(value, 2) for key, value in row.items()}))


if __name__ == "__main__":
    main()
