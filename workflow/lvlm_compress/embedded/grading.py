"""How a checkpoint does on the embedded benchmarks, by the project's own loaders and scorers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import LlavaForConditionalGeneration

from lvlm_compress import registry
from lvlm_compress.benchmarks.types import ScoreInputs
from lvlm_compress.embedded.answering import answers
from lvlm_compress.kv import KVScheme
from lvlm_compress.stages.score_core import score_rows

METRICS = {
    "mmvet": "offline_total",
    "textvqa": "accuracy",
    "gqa": "accuracy",
    "mme": "perception_without_landmark",
    "scienceqa": "accuracy",
    "vqav2": "accuracy",
    "pope": "random_accuracy",
    "hallusionbench": "offline_aacc",
}
"""The accuracy benchmarks and the metric that the gate looks at."""
CHANCE = {
    "mmvet": 11.5,
    "textvqa": 33.3,
    "gqa": 30.6,
    "mme": 675.0,
    "scienceqa": 34.7,
    "vqav2": 27.3,
    "pope": 50.0,
    "hallusionbench": 50.0,
}
"""Expected value of a uniform guess among a question type's answers (TextVQA: among the OCR
tokens; ScienceQA: among the options; MME: 75 points in each of nine tasks)."""
MOST_TOKENS = {"mmvet": 16} | dict.fromkeys(
    ("textvqa", "gqa", "mme", "scienceqa", "vqav2", "pope", "hallusionbench"), 8
)


def grade(
    model: LlavaForConditionalGeneration, processor: Any, benchmark: str, data: Path, scheme: str
) -> dict[str, float | None]:
    """All metrics of one benchmark under one KV scheme."""
    task = registry.load(registry.benchmark_module(benchmark, "task"))
    scorer = registry.load(registry.benchmark_module(benchmark, "score"))
    examples = task.load(data)
    said = answers(model, processor, examples, KVScheme.parse(scheme), MOST_TOKENS[benchmark])
    rows = [
        {
            "id": example.id,
            "image": None if example.image is None else example.image.name,
            "prompt": example.prompt,
            "text": text,
            "seed": None,
        }
        for example, text in zip(examples, said, strict=True)
    ]
    score = score_rows(rows, scorer, data, ScoreInputs(restrict=True))
    return dict(score.metrics)
