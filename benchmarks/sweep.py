"""Many cells in one process against one process a cell, on the embedded model.

    python benchmarks/sweep.py [--items 60] [--cores 1] [--after-only]

First, thirteen cells of one benchmark whose schemes have order "after": `generate` called once a
cell, and once for all. Then a grid of several benchmarks through Snakemake: one process a cell, the
warm worker, and sweeps. What is timed is wall time; the arithmetic is the sum of what the answers'
headers say, each sweep's once. It stops when an answer differs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from lvlm_compress.artifacts import read_lines

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("uniform", "or2", "t128", "c128", "cN", "kcN-vt128")
AFTER = ["fp16", *(f"kv{bits}-{part}" for bits in (2, 4) for part in PARTS)]
MODES = {
    "one process a cell": "{warm: false}",
    "warm worker": "{}",
    "sweeps": "{cells_per_job: 64}",
}


def grid(compressions: dict[str, Any], benchmarks: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "workflow/grids/embedded.yaml").read_text())
    return content | {"compressions": compressions, "benchmarks": benchmarks}


def clone(folder: Path, content: dict[str, Any]) -> Path:
    """The repository's last commit with a grid of its own, its data and identities made."""
    subprocess.run(["git", "clone", "-q", "--depth", "1", ROOT.as_uri(), folder], check=True)
    (folder / "mine.yaml").write_text(yaml.safe_dump(content))
    snakemake(folder, "fetch", "{}", 1)
    return folder


def snakemake(folder: Path, target: str, runtime: str, cores: int) -> float:
    """Seconds of a run."""
    config = ["--config", "grid=mine.yaml", f"runtime={runtime}"]
    options = [target, "--cores", str(cores), "--quiet", "all", *config]
    return command(folder, ["snakemake", *options])


def command(folder: Path, arguments: list[str]) -> float:
    environment = os.environ | {"PYTHONPATH": str(folder / "workflow"), "OMP_NUM_THREADS": "1"}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=folder, env=environment, capture_output=True
    )
    if done.returncode:
        raise SystemExit(done.stderr.decode()[-2000:])
    return time.perf_counter() - started


def answers(folder: Path) -> tuple[dict[str, Any], float, int]:
    """Rows by digest, seconds of arithmetic, number of answers."""
    rows, seconds = {}, 0.0
    for file in (folder / "results" / "generations").rglob("*.jsonl"):
        header, rows[file.stem] = read_lines(file)
        seconds += header["facts"]["seconds"] / header["facts"]["cells_together"]
    return rows, seconds, sum(map(len, rows.values()))


def thirteen(folder: Path, items: int) -> None:
    """`generate`, thirteen times and once."""
    schemes = {name: {"kv": name, "order": "after"} for name in AFTER}
    content = grid(schemes, {"pope": {"data": {"embedded": {"items": items}}, "max_new_tokens": 4}})
    cells = [f"tiny-llava/{name}/pope/greedy" for name in AFTER]
    call = ["lvlm_compress.generate", "--grid", "mine.yaml"]
    apart, together = clone(folder / "apart", content), clone(folder / "together", content)
    separate = sum(command(apart, [*call, cell]) for cell in cells)
    joint = command(together, [*call, *cells])
    (expected, *_), (found, _, count) = answers(apart), answers(together)
    if found != expected:
        raise SystemExit("The cells answer differently together.")
    print(f"{len(cells)} cells, {count} answers: apart {separate:.1f} s, together {joint:.1f} s")
    print(f"{separate / joint:.1f} times the answers a second", flush=True)


def modes(folder: Path, items: int, cores: int) -> None:
    """A grid through Snakemake."""
    names = ("fp16", "kv4-kc128-vt128", "kv2-t128", "kv2-kc128-vt128")
    sizes = {"data": {"embedded": {"items": items}}, "max_new_tokens": 4}
    asked: dict[str, Any] = dict.fromkeys(("pope", "gqa", "vqav2", "mme"), sizes)
    asked["pairs"] = {"data": {"embedded": {"items": 10}}, "seeds": [0, 1, 2], "max_new_tokens": 8}
    content = grid(dict.fromkeys(names), asked)
    expected = None
    for mode, runtime in MODES.items():
        place = clone(folder / mode.replace(" ", "-"), content)
        wall = snakemake(place, "generations", runtime, cores)
        rows, seconds, _ = answers(place)
        beyond = wall - seconds / cores
        print(f"{mode:20} {len(rows)} cells, wall {wall:.1f} s, beyond arithmetic {beyond:.1f} s")
        expected = expected or rows
        if rows != expected:
            raise SystemExit(f"{mode} answers differently.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=60)
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--after-only", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        thirteen(Path(folder), given.items)
        if not given.after_only:
            modes(Path(folder), given.items, given.cores)


if __name__ == "__main__":
    main()
