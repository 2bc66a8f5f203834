"""HallusionBench: accuracies, yes/no bias, consistency and error diagnosis.

Source: spec/benchmarks.md sections 10 and 13; paper, tables 3, 9 and 10. With a judge's verdicts
the metrics bear their own names; the offline rule's are named `offline_<metric>`, always there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from lvlm_compress.benchmarks import terms
from lvlm_compress.benchmarks.answers import clean, match
from lvlm_compress.benchmarks.files import field
from lvlm_compress.benchmarks.hallusionbench import verdicts
from lvlm_compress.benchmarks.hallusionbench.data import example_id, questions, records
from lvlm_compress.benchmarks.hallusionbench.diagnosis import CLASSES
from lvlm_compress.benchmarks.hallusionbench.metrics import (
    METRICS,
    assess,
    lacks_same,
    metric_terms,
)
from lvlm_compress.benchmarks.outcome import complete, status
from lvlm_compress.benchmarks.types import Score, ScoreInputs
from lvlm_compress.errors import UserError

PAPER_METRIC = "aacc"
USES = frozenset({"grades"})
OFFLINE = "offline_"
NEEDS_JUDGE = "needs_llm_judge"
ANSWER = {"id": pl.String, "text": pl.String, "verdict": pl.String, "verdict_same": pl.String}


@dataclass(frozen=True)
class Measured:
    """Assessed items of one judge, their terms, values, and why a value is empty."""

    items: pl.DataFrame
    terms: pl.DataFrame
    metrics: dict[str, float | None]
    reasons: dict[str, str]


def read_answers(file: Path, data: Path) -> pl.DataFrame:
    """The official result JSON: `id`, `text`, and the judge's raw verdicts where they are in it.

    An entry without `model_prediction` has no answer and is left out.
    """
    rows = [
        (
            example_id(record, file, f"{i}"),
            clean(field(record, "model_prediction", str, file, f"{i}")),
            *verdicts.raw_verdict(record),
        )
        for i, record in enumerate(records(file))
        if record.get("model_prediction") is not None
    ]
    if not rows:
        raise UserError(f"{file} holds no answers (field 'model_prediction').")
    return pl.DataFrame(rows, schema=ANSWER, orient="row")


def score(answers: pl.DataFrame, data: Path, inputs: ScoreInputs) -> Score:
    """Score answers by id; a missing one is left out, counted and a failure of the script."""
    graded = _with_verdicts(answers, inputs.grades)
    extra = ("verdict", "verdict_same")
    matched = match(graded, questions(data), restrict=inputs.restrict, extra=extra)
    answered = verdicts.offline(matched.answered)
    by_rule = _measure(answered.select(pl.exclude("verdict", "verdict_same")), OFFLINE)
    unjudged = answered["verdict"].null_count()
    judged = None if unjudged else _measure(verdicts.judged(answered), "")
    failure = _failure(matched.n_missing, judged)
    metrics, reasons = (
        complete({}, METRICS, NEEDS_JUDGE) if judged is None else (judged.metrics, judged.reasons)
    )
    used = by_rule if judged is None else judged
    return Score(
        metrics=metrics | by_rule.metrics,
        reasons=reasons | by_rule.reasons,
        n=answered.height,
        n_missing=matched.n_missing,
        rows=_rows(used.items, "offline" if judged is None else "judge"),
        terms=terms.stack([by_rule.terms, *([] if judged is None else [judged.terms])]),
        official_script_ok=failure is None,
        failure_reason=failure,
        status=status(PAPER_METRIC, reasons, failure),
        counts=matched.counts | {"without_verdict": unjudged},
    )


def _with_verdicts(answers: pl.DataFrame, grades: Path | None) -> pl.DataFrame:
    """Answers with the raw verdicts of the grades, else of the answer file, else null."""
    if grades is not None:
        plain = answers.select("id", "text")
        return plain.join(verdicts.read_grades(grades), on="id", how="left", maintain_order="left")
    absent = [name for name in ("verdict", "verdict_same") if name not in answers.columns]
    return answers.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in absent)


def _measure(items: pl.DataFrame, prefix: str) -> Measured:
    assessed = assess(items)
    found = metric_terms(assessed, prefix)
    metrics, reasons = complete(terms.value(found), [prefix + name for name in METRICS])
    return Measured(assessed, found, metrics, _reasons(assessed, prefix, reasons))


def _reasons(assessed: pl.DataFrame, prefix: str, reasons: dict[str, str]) -> dict[str, str]:
    """Why ratios over errors are empty: there are none, or their class can't be known."""
    known: dict[str, str] = {}
    if lacks_same(assessed):
        known |= dict.fromkeys(CLASSES, NEEDS_JUDGE)
    if assessed["correct"].all():
        known |= dict.fromkeys(("fp_ratio", *CLASSES), "no_errors")
    named = {prefix + name: reason for name, reason in known.items()}
    return {name: named.get(name, reason) for name, reason in reasons.items()}


def _failure(n_missing: int, judged: Measured | None) -> str | None:
    """Why the official script stops."""
    if n_missing:
        return "missing_prediction"
    if judged is None:
        return None
    items = judged.items
    if items["unreadable"].any():
        return "judge_unparsable"
    if items["original"].null_count():
        return "missing_partner"
    return "no_errors" if items["correct"].all() else None


def _rows(items: pl.DataFrame, judge: str) -> pl.DataFrame:
    return items.select(
        "id",
        "cluster",
        pl.col("text").alias("answer"),
        "parsed",
        pl.col("correct").cast(pl.Float64).alias("score"),
        pl.lit(judge).alias("judge"),
        "category",
        "subcategory",
        "visual_input",
        "code",
        "same",
        "error",
        gold=pl.col("gt_answer"),
    )
