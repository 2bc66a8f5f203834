"""Soft accuracy of the VQA family: ten human answers, leave one out.

Source: spec/benchmarks.md section 4. A prediction that matches c of ten human answers scores the
mean over humans of min(1, matches among the other nine / 3): 0, 0.3, 0.6, 0.9, 1 for c = 0 .. 4.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from lvlm_compress.benchmarks.vqa_normalise import map_unique

HUMANS = 10


def soft_score(matches: pl.Expr) -> pl.Expr:
    """Score in [0, 1] from the number of the ten human answers that match."""
    return matches.replace_strict({0: 0.0, 1: 0.3, 2: 0.6, 3: 0.9}, default=1.0)


def matches(frame: pl.DataFrame, prediction: str, humans: str) -> pl.Series:
    """Number of texts in the list column `humans` that equal the column `prediction`."""
    pairs = frame.select(prediction, humans).with_row_index("pair")
    counted = (
        pairs.explode(humans)
        .group_by("pair", maintain_order=True)
        .agg((pl.col(humans) == pl.col(prediction)).sum())
    )
    return counted[humans].cast(pl.Int64)


def map_humans(humans: pl.Series, function: Callable[[str], str]) -> pl.Series:
    """A column of lists of ten texts, each text mapped by `function`."""
    return map_unique(humans.explode(), function).reshape((-1, HUMANS)).arr.to_list()
