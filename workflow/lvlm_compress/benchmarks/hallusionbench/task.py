"""HallusionBench's questions as they are put to a model: the question alone.

Source: spec/benchmarks.md sections 2 and 10. The paper says "default configurations"; greedy and
512 tokens are this project's reading.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from lvlm_compress.benchmarks.examples import build
from lvlm_compress.benchmarks.hallusionbench.data import questions
from lvlm_compress.benchmarks.types import Decoding, Example

DECODING = Decoding(max_new_tokens=512)


def load(data: Path, limit: int | None = None, *, text_only: bool = False) -> list[Example]:
    """Examples in the order of the file.

    Args:
        data: folder with HallusionBench.json and its pictures, or the parquet mirror.
        limit: keep so many sets; a figure-0 question stays with its edited partners.
        text_only: only the questions without a picture (the pictures need not be there).
    """
    frame = questions(data)
    if text_only:
        frame = frame.filter(pl.col("file").is_null())
    return build(frame.with_columns(prompt=pl.col("question")), limit, unit="cluster")
