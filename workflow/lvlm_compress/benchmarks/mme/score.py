"""MME: accuracy plus pair accuracy a task, summed to perception and cognition points.

Source: spec/benchmarks.md sections 0, 6 and 13 (LLaVA's conversion, MME's `calculation.py`). The
paper's number leaves landmark out. The first of several answers to a question counts.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from lvlm_compress.benchmarks import terms
from lvlm_compress.benchmarks.answers import match, read_llava
from lvlm_compress.benchmarks.mme.data import COGNITION, PERCEPTION, TASKS, questions
from lvlm_compress.benchmarks.mme.foreign import resolve
from lvlm_compress.benchmarks.outcome import complete, status
from lvlm_compress.benchmarks.types import Score, ScoreInputs

PAPER_METRIC = "perception_without_landmark"
SUMS = {
    PAPER_METRIC: [task for task in PERCEPTION if task != "landmark"],
    "perception": PERCEPTION,
    "cognition": COGNITION,
}
METRICS = [*SUMS, *(f"{task}{part}" for task in TASKS for part in ("", "_acc", "_acc_plus"))]
BREAKS = r"[\n\r\t]"


def read_answers(file: Path, data: Path) -> pl.DataFrame:
    """LLaVA answers by the ids of `questions`."""
    return resolve(read_llava(file), questions(data), file)


def parse(text: pl.Expr) -> pl.Expr:
    """yes, no or other, by the first four characters in lower case; nothing is stripped."""
    start = text.str.replace_all(BREAKS, " ").str.to_lowercase().str.slice(0, 4)
    is_yes, is_no = (start.str.contains(word, literal=True) for word in ("yes", "no"))
    kind = pl.when(is_yes).then(pl.lit("yes")).when(is_no).then(pl.lit("no"))
    return kind.otherwise(pl.lit("other"))


def score(answers: pl.DataFrame, data: Path, inputs: ScoreInputs) -> Score:
    """Score answers by question and pair them by picture, whatever their order."""
    matched = match(answers, questions(data), restrict=inputs.restrict, keep="first")
    judged = matched.answered.with_columns(parsed=parse(pl.col("text")))
    judged = judged.with_columns(correct=pl.col("parsed") == pl.col("label"))
    stacked = _terms(judged)
    metrics, reasons = complete(terms.value(stacked), METRICS)
    failure = _failure(judged, matched.counts["unknown_ids"])
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
        counts=matched.counts | {"other": judged.filter(parsed="other").height},
    )


def _terms(judged: pl.DataFrame) -> pl.DataFrame:
    """Per task both accuracies and their sum; a sum over tasks only where all of them are there."""
    pairs = judged.group_by("task", "cluster", maintain_order=True).agg(
        both=pl.col("correct").all() & (pl.len() == 2)
    )
    parts: dict[str, list[pl.DataFrame]] = {}
    for task in judged["task"].unique(maintain_order=True):
        accuracy = terms.mean(judged.filter(task=task), f"{task}_acc", pl.col("correct"))
        plus = terms.mean(pairs.filter(task=task), f"{task}_acc_plus", pl.col("both"))
        parts[task] = [part.with_columns(term=pl.col("metric")) for part in (accuracy, plus)]
    whole = {task: [task] for task in parts} | {
        name: tasks for name, tasks in SUMS.items() if all(task in parts for task in tasks)
    }
    single = [part.with_columns(term=pl.lit("")) for both in parts.values() for part in both]
    summed = [
        part.with_columns(metric=pl.lit(name))
        for name, tasks in whole.items()
        for task in tasks
        for part in parts[task]
    ]
    return terms.stack([*single, *summed])


def _failure(judged: pl.DataFrame, unknown: int) -> str | None:
    """Why the official script stops; the first reason."""
    for name, char in (("newline", r"[\n\r]"), ("tab", r"\t")):
        if judged["text"].str.contains(char).any():
            return f"{name}_in_answer"
    if unknown:
        return "unknown_id"
    if (judged.group_by("cluster").len()["len"] != 2).any():
        return "missing_prediction"
    tasks = judged.group_by("task", maintain_order=True).agg((pl.col("parsed") == "other").all())
    silent = tasks.filter("parsed")["task"]
    return f"all_other_in_task:{silent[0]}" if silent.len() else None


def _rows(judged: pl.DataFrame) -> pl.DataFrame:
    return judged.select(
        "id",
        "cluster",
        pl.col("text").alias("answer"),
        "parsed",
        pl.col("correct").cast(pl.Float64).alias("score"),
        "task",
        "label",
    )
