"""MM-Vet's questions as they are put to a model: the question alone.

Source: spec/benchmarks.md sections 2 and 3; LLaVA's `llava-mm-vet.jsonl`.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from lvlm_compress.benchmarks.examples import build
from lvlm_compress.benchmarks.mmvet.data import questions
from lvlm_compress.benchmarks.types import Decoding, Example

DECODING = Decoding(max_new_tokens=1024)


def load(data: Path, limit: int | None = None) -> list[Example]:
    """Examples in the order of the data file."""
    return build(questions(data).with_columns(prompt=pl.col("question")), limit)
