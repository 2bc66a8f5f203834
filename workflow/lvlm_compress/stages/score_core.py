"""A generation's rows through a benchmark's scorer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl

from lvlm_compress.benchmarks.types import Score, ScoreInputs

ANSWERS = {
    "id": pl.String,
    "image": pl.String,
    "prompt": pl.String,
    "text": pl.String,
    "seed": pl.Int64,
}
SHOWN = ("image", "prompt", "seed")


def score_rows(
    rows: Sequence[Mapping[str, Any]], scorer: ModuleType, data: Path, inputs: ScoreInputs
) -> Score:
    """Score the answers of one generation."""
    score: Score = scorer.score(answers_frame(rows), data, inputs)
    return score


def answers_frame(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """The answers as every scorer takes them."""
    columns = {name: [row[name] for row in rows] for name in ANSWERS}
    return pl.DataFrame(columns, schema=ANSWERS)


def shown_rows(score: Score, answers: pl.DataFrame) -> pl.DataFrame:
    """The scored rows with what a reader of the report needs beside them: image, prompt, seed."""
    extra = answers.select("id", *SHOWN)
    return score.rows.drop(*SHOWN, strict=False).join(extra, on="id", how="left")
