"""VQAv2: soft accuracy on validation; test-dev answers wait for the server.

Source: spec/benchmarks.md section 8. The prediction gets the upload's normalisation first; the
public script's own comes on top, on both sides, where the ten human answers are not all alike. A
missing answer is the empty answer, as in the upload; the last of several counts.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from lvlm_compress.benchmarks import terms
from lvlm_compress.benchmarks.answers import match, read_llava
from lvlm_compress.benchmarks.outcome import complete, status
from lvlm_compress.benchmarks.types import Score, ScoreInputs
from lvlm_compress.benchmarks.vqa_accuracy import map_humans, matches, soft_score
from lvlm_compress.benchmarks.vqa_normalise import blanks, map_unique, normalise, official_rule
from lvlm_compress.benchmarks.vqav2.data import asked, human_answers, splits

PAPER_METRIC = "accuracy"
KINDS = {"yes_no": "yes/no", "number": "number", "other": "other"}
METRICS = [PAPER_METRIC, *KINDS]
NEEDS_SERVER = "needs_server_submission"


def read_answers(file: Path, data: Path) -> pl.DataFrame:
    """LLaVA answers; a line that is no JSON is skipped (and counted) as the official tool does."""
    return read_llava(file, skip_unreadable=True)


def score(answers: pl.DataFrame, data: Path, inputs: ScoreInputs) -> Score:
    """Score on the validation answers if the ids are validation's, else say what is needed."""
    present = splits(data)
    unlabelled = [split for split in present if split != "val"]
    if "val" in present:
        gold = human_answers(data)
        if not unlabelled or answers["id"].is_in(gold["id"].implode()).any():
            return _validation(answers, gold, inputs.restrict)
    return _for_server(answers, asked(data, unlabelled[0]), inputs.restrict)


def _for_server(answers: pl.DataFrame, listed: pl.DataFrame, restrict: bool) -> Score:
    matched = match(answers, listed, restrict=restrict)
    answered = matched.answered
    metrics, reasons = complete({}, METRICS, NEEDS_SERVER)
    judged = answered.with_columns(
        map_unique(answered["text"], normalise).alias("parsed"),
        score=pl.lit(None, dtype=pl.Float64),
    )
    return Score(
        metrics=metrics,
        reasons=reasons,
        n=judged.height,
        n_missing=matched.n_missing,
        rows=_rows(judged),
        terms=terms.stack([]),
        status=status(PAPER_METRIC, reasons, None),
        counts=matched.counts,
    )


def _validation(answers: pl.DataFrame, gold: pl.DataFrame, restrict: bool) -> Score:
    matched = match(answers, gold, restrict=restrict)
    judged = _judge(matched.frame)
    parts = [terms.mean(judged, PAPER_METRIC, pl.col("score"))]
    for name, kind in KINDS.items():
        parts.append(terms.mean(judged.filter(answer_type=kind), name, pl.col("score")))
    stacked = terms.stack(parts)
    metrics, reasons = complete(terms.value(stacked), METRICS)
    return Score(
        metrics=metrics,
        reasons=reasons,
        n=judged.height,
        n_missing=matched.n_missing,
        rows=_rows(judged, "answer_type", "question_type"),
        terms=stacked,
        status=status(PAPER_METRIC, reasons, None),
        counts=matched.counts | {"validation_split": judged.height},
    )


def _judge(frame: pl.DataFrame) -> pl.DataFrame:
    """`parsed` and `score`; a missing text is the empty answer."""
    upload = map_unique(frame["text"].fill_null(""), normalise)
    humans = map_humans(frame["answers"], blanks)
    differ = pl.col("humans").list.n_unique() > 1
    ruled = frame.with_columns(
        upload.alias("upload"),
        humans.alias("humans"),
        map_unique(upload, official_rule).alias("ruled"),
        map_humans(humans, official_rule).alias("ruled_humans"),
    ).with_columns(
        pl.when(differ).then("ruled").otherwise("upload").alias("parsed"),
        pl.when(differ).then("ruled_humans").otherwise("humans").alias("humans"),
    )
    matching = matches(ruled, "parsed", "humans").alias("matching")
    return ruled.with_columns(matching).with_columns(score=soft_score(pl.col("matching")))


def _rows(judged: pl.DataFrame, *extra: str) -> pl.DataFrame:
    answer = pl.col("text").alias("answer")
    return judged.select("id", "cluster", answer, "parsed", "score", *extra)
