"""GQA's questions as they are put to a model.

Source: spec/benchmarks.md sections 2 and 5; LLaVA's `llava_gqa_testdev_balanced.jsonl`.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from lvlm_compress.benchmarks.examples import SHORT_ANSWER, build
from lvlm_compress.benchmarks.gqa.data import questions
from lvlm_compress.benchmarks.types import Decoding, Example

DECODING = Decoding(max_new_tokens=128)


def load(data: Path, limit: int | None = None) -> list[Example]:
    """Examples in the order of the question file."""
    frame = questions(data)
    return build(frame.with_columns(prompt=pl.col("question") + SHORT_ANSWER), limit)
