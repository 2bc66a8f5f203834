"""MM-Vet: the judge's mean grade, in total and by capability.

Source: spec/benchmarks.md section 3. Without grades the total is empty (`needs_llm_judge`) and
`offline_total` says what plain string matching gives.
"""

from __future__ import annotations

import statistics
from pathlib import Path

import polars as pl

from lvlm_compress.benchmarks import terms
from lvlm_compress.benchmarks.answers import Matched, match, read_llava
from lvlm_compress.benchmarks.mmvet.data import CAPABILITIES, questions
from lvlm_compress.benchmarks.mmvet.grades import read_grades
from lvlm_compress.benchmarks.mmvet.string_match import string_match
from lvlm_compress.benchmarks.outcome import complete, status
from lvlm_compress.benchmarks.types import Score, ScoreInputs

PAPER_METRIC = "total"
USES = frozenset({"grades"})
METRICS = ["total", *CAPABILITIES, "std"]


def read_answers(file: Path, data: Path) -> pl.DataFrame:
    """LLaVA answers; the kit's question id i means `v1_<i>`."""
    number = pl.col("id").str.contains(r"^\d+$")
    official = pl.when(number).then("v1_" + pl.col("id")).otherwise("id")
    return read_llava(file).with_columns(official.alias("id"))


def score(answers: pl.DataFrame, data: Path, inputs: ScoreInputs) -> Score:
    """Score by the grades given; ungraded questions are left out and counted."""
    matched = match(answers, questions(data), restrict=inputs.restrict)
    judged = _with_grades(_with_offline(matched.answered), inputs.grades)
    stacked = terms.stack([_offline_term(judged), *_grade_terms(judged)])
    values = terms.value(stacked) | {"std": _std(judged)}
    metrics, reasons = complete(values, METRICS, "needs_llm_judge")
    ungraded = judged["runs"].null_count() if inputs.grades else 0
    unreadable = int(judged["unreadable"].sum())
    failure = _failure(matched, ungraded, unreadable)
    return Score(
        metrics=metrics | {"offline_total": values["offline_total"]},
        reasons=reasons,
        n=judged.height,
        n_missing=matched.n_missing,
        rows=_rows(judged),
        terms=stacked,
        official_script_ok=failure is None,
        failure_reason=failure,
        status=status(PAPER_METRIC, reasons, failure),
        counts=matched.counts | {"ungraded": ungraded, "judge_unparsable": unreadable},
    )


def _with_offline(answered: pl.DataFrame) -> pl.DataFrame:
    pairs = answered.select("answer", "text").iter_rows()
    offline = [string_match(truth, text) for truth, text in pairs]
    return answered.with_columns(pl.Series("offline", offline, dtype=pl.Float64))


def _with_grades(answered: pl.DataFrame, file: Path | None) -> pl.DataFrame:
    if file is None:
        empty = pl.lit(None, dtype=pl.List(pl.Float64)).alias("runs")
        return answered.with_columns(empty, pl.lit(0, dtype=pl.Int64).alias("unreadable"))
    return answered.join(read_grades(file), on="id", how="left", maintain_order="left")


def _offline_term(judged: pl.DataFrame) -> pl.DataFrame:
    return terms.mean(judged, "offline_total", pl.col("offline"))


def _grade_terms(judged: pl.DataFrame) -> list[pl.DataFrame]:
    """The total and one mean a capability, over questions that have grades."""
    graded = judged.filter(pl.col("runs").is_not_null())
    grade = pl.col("runs").list.mean()
    skilled = (
        terms.mean(graded.filter(pl.col("capability").list.contains(skill)), skill, grade)
        for skill in CAPABILITIES
    )
    return [terms.mean(graded, "total", grade), *skilled]


def _std(judged: pl.DataFrame) -> float | None:
    """Population standard deviation of the runs' totals."""
    runs = judged["runs"].drop_nulls().to_list()
    if not runs:
        return None
    return statistics.pstdev(100 * statistics.fmean(one) for one in zip(*runs, strict=True))


def _failure(matched: Matched, ungraded: int, unreadable: int) -> str | None:
    if matched.n_missing or ungraded:
        return "missing_prediction"
    return "judge_unparsable" if unreadable else None


def _rows(judged: pl.DataFrame) -> pl.DataFrame:
    """`parsed` is empty (nothing is parsed); `score` is the mean grade in [0, 1]."""
    return judged.select(
        "id",
        "cluster",
        pl.col("text").alias("answer"),
        pl.lit("").alias("parsed"),
        pl.col("runs").list.mean().alias("score"),
        "offline",
        pl.col("capability").list.join(",").alias("capability"),
        gold=pl.col("answer"),
    )
