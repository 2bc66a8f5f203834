"""Time and memory of the report on a simulated full paper grid, at the paper's set sizes.

    PYTHONPATH=workflow:. python benchmarks/report_grid.py DIR [--scale 1.0]

The grid has every configuration the paper printed and those its figures need, all ten benchmarks,
scores drawn around the paper's numbers. It is simulated and no result; what is timed is
`lvlm_compress.report`, part by part, each in a process of its own (1,000 cluster resamples). The
issue's limit is 60 s and 2 GB for the statistics, tables and figures together.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

PARTS = {
    "statistics": ["inputs"],
    "tables": ["statistics"],
    "figures": ["statistics"],
    "page": ["inputs", "statistics", "tables", "figures"],
}


def build(folder: Path, scale: float) -> Path:
    """Write the simulated grid once; a later run takes what is there."""
    from tests.reporting.simulated import grid

    from lvlm_compress.reporting.cells import dump_cells

    inputs = folder / "cells.json"
    if not inputs.exists():
        folder.mkdir(parents=True, exist_ok=True)
        dump_cells(grid.write(folder, grid.setups(), scale), inputs)
    return inputs


def timed(part: str, folder: Path, inputs: Path) -> dict[str, float | str]:
    """Seconds and peak memory of one part."""
    places = {"inputs": inputs, **{name: folder / name for name in PARTS}}
    command = [sys.executable, "-m", "lvlm_compress.report", part, "--out", str(folder / part)]
    for name in PARTS[part]:
        command += [f"--{name}", str(places[name])]
    started = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{part} failed with {status}")
    seconds = time.perf_counter() - started
    cpu = round(usage.ru_utime + usage.ru_stime, 1)
    peak = round(usage.ru_maxrss / 1024)
    return {"part": part, "seconds": round(seconds, 1), "cpu_seconds": cpu, "peak_mb": peak}


def main() -> None:
    """Build, time and print one JSON line a part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=float, default=1.0)
    given = parser.parse_args()
    inputs = build(given.folder, given.scale)
    for part in PARTS:
        print(json.dumps(timed(part, given.folder, inputs)), flush=True)


if __name__ == "__main__":
    main()
