"""Answer files as LLaVA writes them, and how answers meet the questions they belong to.

An answer frame has `id` (the `Example.id`; null for a line that could not be read) and `text`,
in file order, and may have `prompt` and whatever else a benchmark needs. Source: LLaVA's answer
format, spec/benchmarks.md section 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl

from lvlm_compress.benchmarks.files import as_object, field, lines, parse_json
from lvlm_compress.errors import UserError

SCHEMA = {"id": pl.String, "prompt": pl.String, "text": pl.String, "line": pl.Int64}


def read_llava(file: Path, *, skip_unreadable: bool = False) -> pl.DataFrame:
    """Read `question_id` (as `id`), `prompt` (null if absent) and `text` of a JSON lines file.

    With `skip_unreadable` a line that is no JSON object becomes a row without id (VQAv2's rule);
    else it is a UserError that names the line.
    """
    rows: list[tuple[str | None, str | None, str | None, int]] = []
    for number, line in lines(file):
        where = f"{file}, line {number}"
        try:
            record = as_object(parse_json(line, where), where)
        except UserError:
            if not skip_unreadable:
                raise
            rows.append((None, None, None, number))
            continue
        rows.append((*_row(record, file, number), number))
    if not rows:
        raise UserError(f"{file} holds no answers.")
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _row(record: dict[str, Any], file: Path, line: int) -> tuple[str, str | None, str]:
    name = str(field(record, "question_id", (str, int), file, line))
    prompt = field(record, "prompt", str, file, line) if "prompt" in record else None
    text = field(record, "text", str, file, line)
    return clean(name), None if prompt is None else clean(prompt), clean(text)


def clean(text: str) -> str:
    """Text that can be stored as UTF-8: a lone surrogate, which JSON may hold, becomes `?`."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


@dataclass(frozen=True)
class Matched:
    """Questions with their answers.

    Attributes:
        frame: gold columns and `text` (and `extra`); null text for a missing answer.
        n_missing: questions without an answer.
        counts: `duplicates` (answers beyond the first of an id), `unknown_ids`, `unreadable_lines`.
    """

    frame: pl.DataFrame
    n_missing: int
    counts: dict[str, int]

    @property
    def answered(self) -> pl.DataFrame:
        """Rows that have an answer."""
        return self.frame.filter(pl.col("text").is_not_null())


def match(
    answers: pl.DataFrame,
    gold: pl.DataFrame,
    *,
    restrict: bool = False,
    keep: Literal["first", "last", "all"] = "last",
    extra: tuple[str, ...] = (),
) -> Matched:
    """Join answers to gold by `id`, in gold order, never by position.

    Args:
        answers: `id`, `text` and the columns `extra`.
        gold: one row a question with `id` and what the scorer needs.
        restrict: a workflow cell: gold is cut to the answered ids, an unknown id is an error.
        keep: which of several answers to one id counts, by the official script's rule.
        extra: columns of the answers to keep beside `text`.
    """
    readable = answers.filter(pl.col("id").is_not_null())
    known = readable.join(gold.select("id"), on="id", how="semi", maintain_order="left")
    _check_known(readable, known, restrict)
    chosen = known if keep == "all" else known.unique("id", keep=keep, maintain_order=True)
    joined = gold.join(
        chosen.select("id", "text", *extra), on="id", how="left", maintain_order="left"
    )
    missing = gold.height - known["id"].n_unique()
    counts = {
        "duplicates": known.height - known["id"].n_unique(),
        "unknown_ids": readable.height - known.height,
        "unreadable_lines": answers.height - readable.height,
    }
    matched = Matched(joined, missing, counts)
    return Matched(matched.answered, 0, counts) if restrict else matched


def _check_known(readable: pl.DataFrame, known: pl.DataFrame, restrict: bool) -> None:
    if known.height == readable.height and known.height:
        return
    unknown = readable.join(known.select("id"), on="id", how="anti")["id"].unique(
        maintain_order=True
    )
    shown = ", ".join(repr(name) for name in unknown.head(3))
    if not known.height:
        raise UserError(f"No answer belongs to this data set (ids such as {shown or 'none'}).")
    if restrict:
        raise UserError(f"{unknown.len()} answers belong to no question of the data: {shown}.")
