"""What went wrong with a wrong answer: language hallucination, visual illusion, or both mixed.

Source: spec/benchmarks.md section 10, table "Error diagnosis" (HallusionBench's `utils.py`). An
item is judged beside its original: the figure-0 item of the same question. Codes are the judge's:
0 incorrect, 1 correct, 2 unclear.
"""

from __future__ import annotations

import polars as pl

LANGUAGE, VISUAL, MIXED = "language_hallucination", "visual_illusion", "mixed"
CLASSES = (LANGUAGE, VISUAL, MIXED)

# An original belongs to the items of the same question, of the same figure set.
ORIGINAL = ("category", "subcategory", "set_id", "question_id")


def with_original(judged: pl.DataFrame) -> pl.DataFrame:
    """Add `original`, the raw code of the item's figure-0 partner (null without one).

    A visual supplement's "unclear" original counts as correct, but here it stays 2.
    """
    originals = judged.filter(pl.col("figure_id") == "0").select(*ORIGINAL, original="code")
    return judged.join(originals, on=ORIGINAL, how="left", maintain_order="left")


def error_class() -> pl.Expr:
    """Class of a row with `category, figure_id, visual_input, code, same, original`, or null."""
    code, original = pl.col("code"), pl.col("original")
    # Incorrect, and in the same words as the original: the picture changed nothing.
    repeated = (code == 0) & pl.col("same").fill_null(False)
    is_original = pl.col("figure_id") == "0"
    language, visual, mixed = (pl.lit(name) for name in CLASSES)
    dependent = (
        pl.when(code == 1)
        .then(None)
        .when(is_original)
        .then(visual)
        .when(original.is_null())
        .then(None)
        .when((original == 1) & repeated)
        .then(mixed)
        .otherwise(visual)
    )
    edited = pl.col("visual_input") == "2"
    supplement = (
        pl.when(is_original)
        .then(pl.when(code == 0).then(language))
        .when((code == 1) | original.is_null())
        .then(None)
        .when(original == 0)
        .then(pl.when(repeated).then(language).otherwise(mixed))
        .when((original == 1) & edited & repeated)
        .then(language)
        .otherwise(visual)
    )
    return pl.when(pl.col("category") == "VD").then(dependent).otherwise(supplement)


def needs_same() -> pl.Expr:
    """Does the class of a row depend on `same`?"""
    original = pl.col("original")
    dependent = (pl.col("category") == "VD") & (original == 1)
    supplement = (pl.col("category") == "VS") & (
        (original == 0) | ((original == 1) & (pl.col("visual_input") == "2"))
    )
    return (pl.col("figure_id") != "0") & (pl.col("code") == 0) & (dependent | supplement)
