"""TextVQA: soft accuracy against ten human answers.

Source: spec/benchmarks.md section 4 (LLaVA's `eval_textvqa.py`, the M4C evaluator). n is the number
of answer lines: a missing answer shrinks it, a line given twice counts twice.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from lvlm_compress.benchmarks import terms
from lvlm_compress.benchmarks.answers import match, read_llava
from lvlm_compress.benchmarks.outcome import complete, status
from lvlm_compress.benchmarks.textvqa.data import questions
from lvlm_compress.benchmarks.textvqa.prompts import question_of
from lvlm_compress.benchmarks.types import Score, ScoreInputs
from lvlm_compress.benchmarks.vqa_accuracy import map_humans, matches, soft_score
from lvlm_compress.benchmarks.vqa_normalise import map_unique, normalise
from lvlm_compress.errors import UserError

PAPER_METRIC = "accuracy"


def read_answers(file: Path, data: Path) -> pl.DataFrame:
    """LLaVA answers (`question_id` = image id), by the question id that image and prompt mean."""
    answers = read_llava(file).rename({"id": "cluster"})
    prompts = answers.select("prompt", "line").iter_rows()
    keys = [_key(prompt, line, file) for prompt, line in prompts]
    keyed = answers.with_columns(pl.Series("key", keys, dtype=pl.String))
    gold = questions(data).select("id", "cluster", "key")
    joined = keyed.join(gold, on=["cluster", "key"], how="left", maintain_order="left")
    unknown = pl.lit("unknown question: ") + pl.col("cluster") + " " + pl.col("key")
    return joined.select(pl.coalesce("id", unknown).alias("id"), "prompt", "text")


def _key(prompt: str | None, line: int, file: Path) -> str:
    key = None if prompt is None else question_of(prompt)
    if key is None:
        raise UserError(f"{file}, line {line}: field 'prompt' is not a TextVQA prompt: {prompt!r}.")
    return key


def score(answers: pl.DataFrame, data: Path, inputs: ScoreInputs) -> Score:
    """Score every answer line; an unknown question stops the official script."""
    matched = match(answers, questions(data), restrict=inputs.restrict, keep="all")
    judged = _judge(matched.answered)
    stacked = terms.mean(judged, "accuracy", pl.col("score"))
    metrics, reasons = complete(terms.value(stacked), ["accuracy"])
    failure = "unknown_id" if matched.counts["unknown_ids"] else None
    return Score(
        metrics=metrics,
        reasons=reasons,
        n=judged.height,
        n_missing=matched.n_missing,
        rows=judged.select("id", "cluster", pl.col("text").alias("answer"), "parsed", "score"),
        terms=stacked,
        official_script_ok=failure is None,
        failure_reason=failure,
        status=status(PAPER_METRIC, reasons, failure),
        counts=matched.counts,
    )


def _judge(answered: pl.DataFrame) -> pl.DataFrame:
    parsed = map_unique(answered["text"], normalise).alias("parsed")
    humans = map_humans(answered["answers"], normalise).alias("humans")
    judged = answered.with_columns(parsed, humans)
    matching = matches(judged, "parsed", "humans").alias("matching")
    return judged.with_columns(matching).with_columns(score=soft_score(pl.col("matching")))
