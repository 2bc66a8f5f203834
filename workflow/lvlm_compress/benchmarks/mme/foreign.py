"""MME answer files of others: both questions of a picture have one id, so the prompt tells.

Source: spec/benchmarks.md section 6 (LLaVA's `convert_answer_to_mme.py`): the picture is the file
name up to its first full stop; the short-answer sentence and the tail leave the prompt.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from lvlm_compress.benchmarks.examples import SHORT_ANSWER
from lvlm_compress.benchmarks.mme.data import TAIL
from lvlm_compress.errors import UserError


def resolve(answers: pl.DataFrame, gold: pl.DataFrame, file: Path) -> pl.DataFrame:
    """Answers with the ids of `gold`; an unknown question keeps an id that is not in it."""
    asked = answers.filter(pl.col("prompt").is_null())
    if asked.height:
        raise UserError(f"{file}, line {asked['line'][0]}: field 'prompt' is missing.")
    question = pl.col("prompt")
    for sentence in (SHORT_ANSWER.strip(), TAIL):
        question = question.str.replace_all(sentence, "", literal=True).str.strip_chars()
    name = pl.col("id").str.split("/")
    keyed = answers.select(
        name.list.first().alias("task"),
        name.list.last().str.split(".").list.first().alias("stem"),
        question.alias("question"),
        "id",
        "text",
        "prompt",
    )
    keys = ["task", "stem", "question"]
    known = gold.select(pl.col("task"), _first_part("stem"), "question", gold_id="id")
    joined = keyed.join(known, on=keys, how="left", maintain_order="left")
    unknown = pl.concat_str(pl.lit("unknown question: "), "id", pl.lit(" "), "question")
    return joined.select(pl.coalesce("gold_id", unknown).alias("id"), "prompt", "text")


def _first_part(column: str) -> pl.Expr:
    return pl.col(column).str.split(".").list.first()
