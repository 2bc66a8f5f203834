"""This project's engine, one variant a KV scheme."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lvlm_compress.benchmarks.types import Decoding, Example, ImageSource
from lvlm_compress.generation.run import answer
from lvlm_compress.kv.scheme import KVScheme
from lvlm_compress.models.families import load
from lvlm_compress.models.prompts import HUB_TEMPLATE
from lvlm_compress.models.spec import ModelSpec
from peers.variant import Question, Run, Variant


def variants(checkpoint: Path, family: str, schemes: Sequence[str]) -> dict[str, Variant]:
    spec = ModelSpec(family, checkpoint, dtype="float32", prompt=HUB_TEMPLATE)
    model: Any = load(spec)
    return {f"ours {name}": Variant(engine(model, name), model.model) for name in schemes}


def engine(model: Any, scheme: str) -> Run:
    def run(questions: list[Question], new: int) -> list[str]:
        examples = [example(i, question) for i, question in enumerate(questions)]
        rows = answer(model, KVScheme.parse(scheme), examples, Decoding(new)).rows
        return [row["text"] for row in rows]

    return run


def example(number: int, question: Question) -> Example:
    image = None if question.image is None else ImageSource(question.image, question.image.name)
    return Example(str(number), question.prompt, image, str(number))
