"""Generation speed side by side: ours, transformers, its quantized caches, lmms-eval's llava_hf.

    python benchmarks/generation.py [--questions 1 3 5 32] [--new 1 16 64] [--rounds 5] [--memory]
        [--geometry benchmarks/geometry.yaml benchmarks/geometry-anyres.yaml] [--out runs.json]

A seeded random model, fp32, one thread. Each environment is a process of its own; the variants take
turns, one at a time, in an order that rotates from round to round. `x batch 1` is the median over
rounds of transformers' time at batch 1 over the variant's time in the same round. The share of the
floor is the median over runs of

    FLOPs of the workload with all shared parts done once / (FLOP/s of a product x seconds)

where the product is the prompt's widest (prompt tokens x hidden x MLP) and its rate the median of
repetitions in the 0.2 s right before and right after the run, in the same process: turbo and
neighbours slow both alike. It stops when a variant that loses nothing answers differently from
transformers at batch 1. The first run installs the peers' environments (peers/environments.yaml).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import generation_table as table
import yaml
from generation_model import questions, save
from generation_rounds import Case, measure
from peers.environments import PeerError
from peers.kinds import BASELINE, KINDS, NAMES, UNAVAILABLE
from peers.process import Worker

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lvlm-compress-bench"
MEMORY = ("ours fp16", "ours kv2-t128", "ours kv2-kc128-vt128", BASELINE, "transformers batch 8")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--questions", type=int, nargs="+", default=[5], help="per image")
    parser.add_argument("--new", type=int, nargs="+", default=[16], help="tokens of an answer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--images", type=int, help="default: what the geometry says")
    parser.add_argument("--geometry", type=Path, nargs="+", default=[HERE / "geometry.yaml"])
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="VARIANT")
    parser.add_argument("--environments", type=Path, default=CACHE / "peers", help="of the peers")
    parser.add_argument("--memory", action="store_true", help="peak memory instead of speed")
    parser.add_argument("--out", type=Path, help="every run, as JSON")
    given = parser.parse_args()
    given.only = [name for name in NAMES if name in given.only or name == BASELINE]
    return given


def start(
    family: str, checkpoint: Path, only: Sequence[str], environments: Path
) -> tuple[dict[str, Worker], dict[str, str]]:
    """Workers by variant, and why the other variants have none."""
    workers: dict[str, Worker] = {}
    lost = dict(UNAVAILABLE)
    for kind, offered in KINDS.items():
        wanted = [name for name in offered if name in only]
        if not wanted:
            continue
        try:
            worker = Worker(kind, family, checkpoint, environments)
        except PeerError as error:
            if BASELINE in wanted:
                raise
            lost.update({name: str(error) for name in wanted})
        else:
            workers.update(dict.fromkeys(wanted, worker))
    return {name: workers[name] for name in NAMES if name in workers}, lost


def machine() -> dict[str, Any]:
    models = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {"cpu": (models or [platform.processor()])[0], "python": platform.python_version()}


def memory(
    geometry: dict[str, Any], workers: dict[str, Worker], folder: Path
) -> Iterator[dict[str, Any]]:
    """One picture's five questions, 16 new tokens."""
    asked = [[e.prompt, str(e.image.path)] for e in questions(geometry, folder, 5)[:5] if e.image]
    tokens = geometry["picture"]["tokens"]
    for name, worker in workers.items():
        job = {"variant": name, "questions": asked, "new": 16, "memory": True}
        grown = worker.ask(job)["growth"]
        print(f"peak growth, five questions, {tokens} image tokens, {name}: {grown:.0f} MB")
        yield {"image_tokens": tokens, "variant": name, "growth": grown}


def speed(
    geometry: dict[str, Any], workers: dict[str, Worker], folder: Path, given: argparse.Namespace
) -> Iterator[Case]:
    for per_image in given.questions:
        examples = questions(geometry, folder, per_image)
        for new in given.new:
            yield measure(workers, geometry, examples, per_image, new, given.rounds)


def run(file: Path, given: argparse.Namespace, found: dict[str, Any]) -> None:
    """All that is asked for of one geometry; written as it comes."""
    geometry = yaml.safe_load(file.read_text())
    geometry["images"] = given.images or geometry["images"]
    only = MEMORY if given.memory else given.only
    with tempfile.TemporaryDirectory() as name:
        folder = save(geometry, Path(name))
        workers, lost = start(geometry["family"], folder, only, given.environments)
        found["versions"].update({name: own.versions for name, own in workers.items()})
        if given.memory:
            for grown in memory(geometry, workers, folder):
                found["memory"].append(grown)
                write(found, given.out)
        else:
            for case in speed(geometry, workers, folder, given):
                found["cases"].append({**asdict(case), "lost": {**case.lost, **lost}})
                write(found, given.out)
                for row in table.rows(found["cases"][-1]):
                    print(table.line(row), flush=True)
        for worker in set(workers.values()):
            worker.close()


def write(found: dict[str, Any], out: Path | None) -> None:
    if out is not None:
        out.write_text(json.dumps(found, indent=1) + "\n")


def main() -> None:
    given = arguments()
    found: dict[str, Any] = {"machine": machine(), "versions": {}, "cases": [], "memory": []}
    if not given.memory:
        left_out = [name for name in NAMES if name not in given.only]
        print(
            f"Left out by --only: {', '.join(left_out) or 'none'}.\n\n{table.header()}", flush=True
        )
    for file in given.geometry:
        run(file, given, found)


if __name__ == "__main__":
    main()
