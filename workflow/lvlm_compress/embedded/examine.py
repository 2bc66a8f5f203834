"""``python -m lvlm_compress.embedded.examine RUN``: the accuracies shipped with a checkpoint.

Per question type and per embedded benchmark, for the trained model, for a blind baseline (the same
decoder behind a random projector), and by chance. Writes ``accuracy.json`` into the run.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from pathlib import Path
from typing import Any

import torch
from transformers import LlavaForConditionalGeneration

from lvlm_compress.embedded import data, grading
from lvlm_compress.embedded.learn import Course, Recipe
from lvlm_compress.embedded.mixture import PHASES
from lvlm_compress.embedded.model import WIDTH, reserve
from lvlm_compress.embedded.outliers import Outliers
from lvlm_compress.embedded.package import PLAIN, load_run, twins

EXAM = "final-exam"
PICTURES = 160


@torch.no_grad()
def blinded(model: LlavaForConditionalGeneration, seed: int) -> LlavaForConditionalGeneration:
    """Replace the projector by a random one, in place."""
    draws = torch.Generator().manual_seed(seed)
    for linear in (
        model.model.multi_modal_projector.linear_1,
        model.model.multi_modal_projector.linear_2,
    ):
        linear.weight.copy_(torch.randn(linear.weight.shape, generator=draws) / math.sqrt(WIDTH))
        linear.bias.zero_()
    reserve(model)
    return model


def by_type(run: Path, blind: bool, pictures: int = PICTURES) -> dict[str, dict[str, float]]:
    """Exact-match accuracy in percent and number of questions per type."""
    model, tokenizer, _ = load_run(run)
    if blind:
        blinded(model, 1)
    course = Course(model, tokenizer, Recipe())
    tally = course.exam(EXAM, pictures, PHASES[-1])
    return {
        kind: {"accuracy": round(100 * hits / count, 1), "n": count}
        for kind, (hits, count) in sorted(tally.items())
    }


def by_benchmark(run: Path, blind: bool) -> dict[str, float | None]:
    """The gate's metric of every accuracy benchmark, uncompressed."""
    model, tokenizer, processor = load_run(run)
    if blind:
        blinded(model, 1)
    plain = twins(model, tokenizer, Outliers())[PLAIN]
    values = {}
    with tempfile.TemporaryDirectory() as folder:
        for benchmark, metric in grading.METRICS.items():
            place = Path(folder) / benchmark
            data.build(benchmark, place, data.ITEMS[benchmark], 0)
            values[benchmark] = grading.grade(plain, processor, benchmark, place, "fp16")[metric]
    return values


def record(run: Path) -> dict[str, Any]:
    """Everything that is shipped."""
    return {
        "exam": {"stream": EXAM, "pictures": PICTURES},
        "types": by_type(run, blind=False),
        "types_blind": by_type(run, blind=True),
        "metrics": grading.METRICS,
        "benchmarks": by_benchmark(run, blind=False),
        "benchmarks_blind": by_benchmark(run, blind=True),
        "benchmarks_chance": grading.CHANCE,
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    run = parser.parse_args().run
    (run / "accuracy.json").write_text(json.dumps(record(run), indent=1) + "\n")


if __name__ == "__main__":
    main()
