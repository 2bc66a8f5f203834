"""Verdicts on answers: a judge's, as the official tools store them, or the offline rule's.

Source: spec/benchmarks.md section 10. The official files are lists of the questions with
`gpt4v_output_gpt_check` ("0" incorrect, "1" correct, "2" unclear) and `same` ("1" if the answer
equals the one to the original figure in meaning).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from lvlm_compress.benchmarks.files import find_any
from lvlm_compress.benchmarks.hallusionbench.data import example_id, records
from lvlm_compress.errors import UserError

CHECK, SAME = "gpt4v_output_gpt_check", "same"
INTERMEDIATE = ("hallusion_output_vd_model.json", "hallusion_output_vs_model.json")
SCHEMA = {"id": pl.String, "verdict": pl.String, "verdict_same": pl.String}
UNCLEAR = 2


def read_grades(path: Path) -> pl.DataFrame:
    """`id, verdict, verdict_same` (raw texts or null) of a file, or of a folder's official two."""
    files = [path]
    if path.is_dir():
        files = [found for name in INTERMEDIATE if (found := find_any(path, name)) is not None]
        if not files:
            raise UserError(f"{path} holds neither {INTERMEDIATE[0]} nor {INTERMEDIATE[1]}.")
    rows = [
        (example_id(record, file, f"{i}"), *raw_verdict(record))
        for file in files
        for i, record in enumerate(records(file))
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").unique(
        "id", keep="last", maintain_order=True
    )


def raw_verdict(record: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Both verdicts of a record as texts, null where there is none."""
    check, same = record.get(CHECK), record.get(SAME)
    return None if check is None else str(check), None if same is None else str(same)


def judged(answered: pl.DataFrame) -> pl.DataFrame:
    """Answers with `code` and `same` from `verdict` and `verdict_same`.

    An unreadable code is unclear; `unreadable` marks it, because the official script stops there.
    """
    code = pl.col("verdict").str.strip_chars().cast(pl.Int64, strict=False)
    valid = code.is_in([0, 1, UNCLEAR])
    same = pl.col("verdict_same").str.strip_chars()
    return answered.with_columns(
        code=pl.when(valid).then(code).otherwise(UNCLEAR),
        same=pl.when(same.is_in(["0", "1"])).then(same == "1"),
        unreadable=~valid.fill_null(False),
    )


def offline(answered: pl.DataFrame) -> pl.DataFrame:
    """Answers with `parsed` (yes, no or unclear), and `code` and `same` by rule.

    A leading yes or no is compared with the truth; equal polarity with the original is `same`.
    """
    word = pl.col("text").str.extract(r"(?i)^\W*(yes|no)\b", 1).str.to_lowercase()
    parsed = answered.with_columns(parsed=word.fill_null("unclear"))
    truth = pl.when(pl.col("gt_answer") == "1").then(pl.lit("yes")).otherwise(pl.lit("no"))
    keys = ["category", "subcategory", "set_id", "question_id"]
    originals = parsed.filter(pl.col("figure_id") == "0").select(*keys, first="parsed")
    return (
        parsed.join(originals, on=keys, how="left", maintain_order="left")
        .with_columns(
            code=pl.when(pl.col("parsed") == "unclear")
            .then(UNCLEAR)
            .otherwise((pl.col("parsed") == truth).cast(pl.Int32)),
            same=pl.col("parsed") == pl.col("first"),
        )
        .drop("first")
    )
