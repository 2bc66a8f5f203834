"""What a KV scheme costs: CPU time of a cell over its fp16 cell, each prompt alone and whole.

    PYTHONPATH=workflow:benchmarks python benchmarks/kv_cost.py [--rounds 5] [--new 32]

A seeded random LLaVA (geometry.yaml: 576 image tokens, 6 layers of 512), one thread, engine
`reference` (no reuse, so that only the scheme differs), schemes taking turns within a round. Prints
the median over the rounds of the ratios to the same round's fp16 run.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import torch
import yaml
from generation_model import questions, save

from lvlm_compress.benchmarks.types import Decoding, Example
from lvlm_compress.generation.run import answer
from lvlm_compress.kv import KVScheme
from lvlm_compress.models.adapter import LoadedModel
from lvlm_compress.models.families import load
from lvlm_compress.models.spec import ModelSpec

SCHEMES = "uniform or2 t128 c128 cN kcN-vt128 kc128-vt128 kt128-vc128".split()  # noqa: SIM905


def seconds(model: LoadedModel, scheme: str, asked: Sequence[Example], new: int) -> float:
    """CPU seconds of answering with one scheme."""
    started = time.process_time()
    answer(model, KVScheme.parse(scheme), asked, Decoding(new), engine="reference")
    return time.process_time() - started


def main() -> None:
    """Print one line a scheme."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--new", type=int, default=32)
    parser.add_argument("--bits", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(1)
    geometry = yaml.safe_load((Path(__file__).parent / "geometry.yaml").read_text())
    with tempfile.TemporaryDirectory() as folder:
        path = save(geometry, Path(folder))
        model = load(ModelSpec("llava", path, dtype="float32", prompt="vicuna_v1"))
        asked = questions(geometry, path, 1)[:2]
        names = [f"kv{given.bits}-{scheme}" for scheme in SCHEMES]
        seconds(model, "fp16", asked[:1], 4)
        ratios: dict[str, list[float]] = {name: [] for name in names}
        for _ in range(given.rounds):
            base = seconds(model, "fp16", asked, given.new)
            for name in names:
                ratios[name].append(seconds(model, name, asked, given.new) / base)
    for name, found in ratios.items():
        print(f"{name:20} {statistics.median(found):.2f} ({min(found):.2f} to {max(found):.2f})")


if __name__ == "__main__":
    main()
