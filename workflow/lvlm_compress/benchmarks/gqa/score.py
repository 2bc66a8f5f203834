"""GQA: exact match on testdev-balanced, open and binary questions apart.

Source: spec/benchmarks.md section 5. The prediction loses its trailing full stops and is
lower-cased; nothing else is forgiven. A missing answer aborts the official script.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from lvlm_compress.benchmarks import terms
from lvlm_compress.benchmarks.answers import match, read_llava
from lvlm_compress.benchmarks.gqa.data import questions
from lvlm_compress.benchmarks.outcome import complete, status
from lvlm_compress.benchmarks.types import Score, ScoreInputs

PAPER_METRIC = "accuracy"
METRICS = ["accuracy", "open", "binary"]


def read_answers(file: Path, data: Path) -> pl.DataFrame:
    """LLaVA answers; ids are GQA's question ids."""
    return read_llava(file)


def parse(text: pl.Expr) -> pl.Expr:
    """The prediction as LLaVA converts it for GQA's script."""
    return text.str.strip_chars_end(".").str.to_lowercase()


def score(answers: pl.DataFrame, data: Path, inputs: ScoreInputs) -> Score:
    """Score answers by question id; a missing one is left out, counted and a script failure."""
    matched = match(answers, questions(data), restrict=inputs.restrict)
    judged = matched.answered.with_columns(parsed=parse(pl.col("text")))
    judged = judged.with_columns(
        correct=pl.col("parsed") == pl.col("answer"), is_open=pl.col("structural") == "query"
    )
    stacked = terms.stack(
        [
            terms.mean(judged, "accuracy", pl.col("correct")),
            terms.mean(judged.filter("is_open"), "open", pl.col("correct")),
            terms.mean(judged.filter(~pl.col("is_open")), "binary", pl.col("correct")),
        ]
    )
    metrics, reasons = complete(terms.value(stacked), METRICS)
    failure = "missing_prediction" if matched.n_missing else None
    return Score(
        metrics=metrics,
        reasons=reasons,
        n=judged.height,
        n_missing=matched.n_missing,
        rows=_rows(judged),
        terms=stacked,
        official_script_ok=failure is None,
        failure_reason=failure,
        status=status(PAPER_METRIC, reasons, failure),
        counts=matched.counts,
    )


def _rows(judged: pl.DataFrame) -> pl.DataFrame:
    return judged.select(
        "id",
        "cluster",
        pl.col("text").alias("answer"),
        "parsed",
        pl.col("correct").cast(pl.Float64).alias("score"),
        "structural",
        gold=pl.col("answer"),
    )
