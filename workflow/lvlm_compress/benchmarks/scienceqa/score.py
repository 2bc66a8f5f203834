"""ScienceQA: accuracy of the option's letter, overall and where there is a picture.

Source: spec/benchmarks.md section 7 (LLaVA's `eval_science_qa.py`). A missing answer counts as
wrong and as text-only; the last of several answers to a problem counts.
"""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from lvlm_compress.benchmarks import terms
from lvlm_compress.benchmarks.answers import match, read_llava
from lvlm_compress.benchmarks.outcome import complete, status
from lvlm_compress.benchmarks.scienceqa.data import questions
from lvlm_compress.benchmarks.types import Score, ScoreInputs
from lvlm_compress.benchmarks.vqa_normalise import map_unique

PAPER_METRIC = "accuracy"
OPTIONS = "ABCDE"
FAILED = "FAILED"
# One character must follow the letter; a newline is none for this pattern.
STATEMENT = re.compile(r"The answer is ([A-Z]).")
GROUPS: dict[str, pl.Expr] = {
    "natural_science": pl.col("subject") == "natural science",
    "social_science": pl.col("subject") == "social science",
    "language_science": pl.col("subject") == "language science",
    "context_text": pl.col("hint") != "",
    "context_image": pl.col("has_image"),
    "context_none": (pl.col("hint") == "") & ~pl.col("has_image"),
    "grade_1_6": pl.col("grade").is_in([f"grade{i}" for i in range(1, 7)]),
    "grade_7_12": pl.col("grade").is_in([f"grade{i}" for i in range(7, 13)]),
}
METRICS = ["accuracy", "img_accuracy", *GROUPS]


def read_answers(file: Path, data: Path) -> pl.DataFrame:
    """LLaVA answers; `is_image` is what the stored prompt says, as the official script asks it."""
    stored = pl.col("prompt").fill_null("").str.contains("<image>", literal=True)
    return read_llava(file).with_columns(is_image=stored)


def parse(text: str) -> str:
    """The option's letter, or FAILED."""
    if text in tuple(OPTIONS):
        return text
    if len(text) >= 3 and text[0] in OPTIONS and text[1:3] == ". ":
        return text[0]
    stated = STATEMENT.findall(text)
    return stated[0] if len(stated) == 1 else FAILED


def score(answers: pl.DataFrame, data: Path, inputs: ScoreInputs) -> Score:
    """Score by problem id."""
    from_prompt = ("is_image",) if "is_image" in answers.columns else ()
    matched = match(answers, questions(data), restrict=inputs.restrict, extra=from_prompt)
    judged = _judge(matched.frame)
    pictured = pl.col("is_image").fill_null(False) if from_prompt else pl.col("has_image")
    answered_pictures = judged.filter(pictured & pl.col("text").is_not_null())
    stacked = terms.stack(
        [
            terms.mean(judged, "accuracy", pl.col("correct")),
            terms.mean(answered_pictures, "img_accuracy", pl.col("correct")),
            *(terms.mean(judged.filter(m), name, pl.col("correct")) for name, m in GROUPS.items()),
        ]
    )
    metrics, reasons = complete(terms.value(stacked), METRICS)
    return Score(
        metrics=metrics,
        reasons=reasons,
        n=judged.height,
        n_missing=matched.n_missing,
        rows=_rows(judged),
        terms=stacked,
        status=status(PAPER_METRIC, reasons, None),
        counts=matched.counts | {"parse_failed": judged.filter(parsed=FAILED).height},
    )


def _judge(frame: pl.DataFrame) -> pl.DataFrame:
    parsed = map_unique(frame["text"].fill_null(FAILED), parse).alias("parsed")
    index = pl.col("parsed").replace_strict(list(OPTIONS), range(5), default=None)
    usable = pl.when(index < pl.col("choices").list.len()).then(index)
    return frame.with_columns(parsed).with_columns(
        correct=(usable == pl.col("answer")).fill_null(False)
    )


def _rows(judged: pl.DataFrame) -> pl.DataFrame:
    return judged.select(
        "id",
        "cluster",
        pl.col("text").alias("answer"),
        "parsed",
        pl.col("correct").cast(pl.Float64).alias("score"),
        "subject",
        "has_image",
        gold=pl.col("answer"),
    )
