"""POPE: accuracy, precision, recall, F1 and yes ratio of a subset, positive = yes.

Source: spec/benchmarks.md section 9 (LLaVA's `eval_pope.py`). Everything that is not `No`, `no` or
`not` as a word of the first sentence is a yes, nonsense and the empty answer included.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from lvlm_compress.benchmarks import terms
from lvlm_compress.benchmarks.answers import match, read_llava
from lvlm_compress.benchmarks.outcome import complete, status
from lvlm_compress.benchmarks.pope.data import OFFSETS, questions
from lvlm_compress.benchmarks.pope.foreign import resolve
from lvlm_compress.benchmarks.types import Score, ScoreInputs

PAPER_METRIC = "random_accuracy"
NEGATIVE_WORDS = ["No", "no", "not"]
METRICS = ["accuracy", "precision", "recall", "f1", "yes_ratio"]


def read_answers(file: Path, data: Path) -> pl.DataFrame:
    """LLaVA answers by the ids of `questions`."""
    return resolve(read_llava(file), questions(data), data)


def parse(text: pl.Expr) -> pl.Expr:
    """`no` if a word of the text before the first full stop says so, else `yes`."""
    sentence = text.str.split(".").list.first().str.replace_all(",", "", literal=True)
    is_no = sentence.str.split(" ").list.eval(pl.element().is_in(NEGATIVE_WORDS)).list.any()
    return pl.when(is_no).then(pl.lit("no")).otherwise(pl.lit("yes"))


def score(answers: pl.DataFrame, data: Path, inputs: ScoreInputs) -> Score:
    """Score answers by id; a missing answer is left out and counted."""
    matched = match(answers, questions(data), restrict=inputs.restrict)
    judged = matched.answered.with_columns(parsed=parse(pl.col("text")))
    judged = judged.with_columns(correct=pl.col("parsed") == pl.col("label"))
    parts = [_terms(judged, subset) for subset in OFFSETS]
    stacked = terms.stack(parts)
    names = [f"{subset}_{metric}" for subset in OFFSETS for metric in METRICS]
    metrics, reasons = complete(terms.value(stacked), names)
    failure = next(filter(None, (_failure(judged, subset) for subset in OFFSETS)), None)
    return Score(
        metrics=metrics,
        reasons=reasons | _undefined(stacked, reasons),
        n=judged.height,
        n_missing=matched.n_missing,
        rows=_rows(judged),
        terms=stacked,
        official_script_ok=failure is None,
        failure_reason=failure,
        status=status(PAPER_METRIC, reasons, failure),
        counts=matched.counts,
    )


def _terms(judged: pl.DataFrame, subset: str) -> pl.DataFrame:
    part = judged.filter(pl.col("subset") == subset)
    predicted, true = pl.col("parsed") == "yes", pl.col("label") == "yes"
    hits = predicted & true
    twice, both = hits.cast(pl.Int64) * 2, predicted.cast(pl.Int64) + true.cast(pl.Int64)
    return terms.stack(
        [
            terms.mean(part, f"{subset}_accuracy", pl.col("correct")),
            terms.ratio(part, f"{subset}_precision", hits, predicted),
            terms.ratio(part, f"{subset}_recall", hits, true),
            terms.ratio(part, f"{subset}_f1", twice, both),
            terms.mean(part, f"{subset}_yes_ratio", predicted),
        ]
    )


def _failure(judged: pl.DataFrame, subset: str) -> str | None:
    """Why the official script would divide by zero."""
    part = judged.filter(pl.col("subset") == subset)
    hits = part.filter((pl.col("parsed") == "yes") & pl.col("correct")).height
    if part.is_empty() or hits:
        return None
    if "yes" not in part["parsed"]:
        return f"no_predicted_yes:{subset}"
    return f"no_true_yes:{subset}" if "yes" not in part["label"] else f"no_true_positive:{subset}"


def _undefined(stacked: pl.DataFrame, reasons: dict[str, str]) -> dict[str, str]:
    """Empty values of subsets that are there: a ratio over nothing."""
    present = {name.split("_")[0] for name in stacked["metric"].unique()}
    return {name: "undefined" for name in reasons if name.split("_")[0] in present}


def _rows(judged: pl.DataFrame) -> pl.DataFrame:
    return judged.select(
        "id",
        "cluster",
        pl.col("text").alias("answer"),
        "parsed",
        pl.col("correct").cast(pl.Float64).alias("score"),
        "subset",
        "label",
    )
