"""HallusionBench's metrics from judged items, by whatever judge.

Source: spec/benchmarks.md section 10, "Metrics" (HallusionBench's `utils.py`; paper, tables 3, 9
and 10). A judged item has `cluster, category, subcategory, set_id, figure_id, question_id,
visual_input, gt_answer, code` (0, 1, 2) and `same` (bool or null).
"""

from __future__ import annotations

import polars as pl

from lvlm_compress.benchmarks import terms
from lvlm_compress.benchmarks.hallusionbench.diagnosis import (
    CLASSES,
    error_class,
    needs_same,
    with_original,
)

METRICS = [
    "aacc",
    "qacc",
    "facc",
    "easy",
    "hard",
    "aacc_vd",
    "aacc_vs",
    "pct_diff",
    "fp_ratio",
    "consistency_correct",
    "consistency_inconsistent",
    "consistency_wrong",
    *CLASSES,
]
QUESTION = ("cluster", "question_id")
FIGURE = ("cluster", "figure_id")


def assess(judged: pl.DataFrame) -> pl.DataFrame:
    """Add `correct`, `original` and `error` (the class of an error) to judged items."""
    textual = (pl.col("category") == "VS") & (pl.col("figure_id") == "0")
    correct = (pl.col("code") == 1) | (textual & (pl.col("code") == 2))
    return with_original(judged).with_columns(correct=correct, error=error_class())


def metric_terms(assessed: pl.DataFrame, prefix: str = "") -> pl.DataFrame:
    """Terms of all metrics; those of the diagnosis are left out where a `same` is lacking."""
    correct, is_yes = pl.col("correct"), pl.col("gt_answer") == "1"
    by_category = {name: assessed.filter(pl.col("category") == name) for name in ("VD", "VS")}
    edited = pl.col("visual_input") == "2"
    parts = [
        terms.mean(assessed, "aacc", correct),
        terms.mean(by_category["VD"], "aacc_vd", correct),
        terms.mean(by_category["VS"], "aacc_vs", correct),
        _all_correct(assessed, "qacc"),
        _all_correct(assessed.filter(~edited), "easy"),
        _all_correct(assessed.filter(edited), "hard"),
        *_consistency(assessed),
        # Implied yes: right where the truth is yes, wrong where it is no.
        terms.mean(
            assessed,
            "pct_diff",
            (correct == is_yes).cast(pl.Int64) - is_yes.cast(pl.Int64),
            scale=1.0,
        ),
        terms.ratio(assessed, "fp_ratio", ~correct & ~is_yes, ~correct, scale=1.0),
        *_diagnosis(assessed),
    ]
    return terms.stack(parts).with_columns(metric=prefix + pl.col("metric"))


def lacks_same(assessed: pl.DataFrame) -> bool:
    """Is there an item whose class depends on a `same` that is not there?"""
    return not assessed.filter(needs_same() & pl.col("same").is_null()).is_empty()


def _all_correct(items: pl.DataFrame, metric: str) -> pl.DataFrame:
    """Share of questions that are answered correctly with every figure."""
    groups = items.group_by(QUESTION, maintain_order=True).agg(pl.col("correct").all())
    return terms.mean(groups, metric, pl.col("correct"))


def _consistency(items: pl.DataFrame) -> list[pl.DataFrame]:
    """Figures with all, none or some questions correct; text-only items have no figure."""
    shown = items.filter((pl.col("category") != "VS") | (pl.col("figure_id") != "0"))
    groups = shown.group_by(FIGURE, maintain_order=True).agg(
        pl.col("correct").all().alias("all"), (~pl.col("correct")).all().alias("none")
    )
    return [
        terms.mean(groups, "facc", pl.col("all")),
        terms.mean(groups, "consistency_correct", pl.col("all")),
        terms.mean(groups, "consistency_inconsistent", ~pl.col("all") & ~pl.col("none")),
        terms.mean(groups, "consistency_wrong", pl.col("none")),
    ]


def _diagnosis(items: pl.DataFrame) -> list[pl.DataFrame]:
    if lacks_same(items):
        return []
    error = pl.col("error")
    diagnosed = error.is_not_null()
    return [
        terms.ratio(items, name, (error == name).fill_null(False), diagnosed) for name in CLASSES
    ]
