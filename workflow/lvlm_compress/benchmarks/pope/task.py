"""POPE's questions as they are put to a model.

Source: spec/benchmarks.md sections 2 and 9; LLaVA's `llava_pope_test.jsonl`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from lvlm_compress.benchmarks.examples import SHORT_ANSWER, build
from lvlm_compress.benchmarks.pope.data import questions
from lvlm_compress.benchmarks.types import Decoding, Example
from lvlm_compress.errors import UserError

DECODING = Decoding(max_new_tokens=128)


def load(
    data: Path, limit: int | None = None, *, subsets: Sequence[str] | None = None
) -> list[Example]:
    """Examples of the named subsets (default: all that are there; the paper needs `random`)."""
    frame = questions(data)
    if subsets is not None:
        absent = sorted(set(subsets) - set(frame["subset"]))
        if absent:
            raise UserError(f"{data} has no POPE subset {', '.join(absent)}.")
        frame = frame.filter(pl.col("subset").is_in(list(subsets)))
    return build(frame.with_columns(prompt=pl.col("question") + SHORT_ANSWER), limit)
