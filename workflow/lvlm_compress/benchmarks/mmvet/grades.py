"""MM-Vet's grade file: `{id: {"model": [..], "content": [..], "score": [..]}}`, one a run.

Source: spec/benchmarks.md section 3. A score of null is a reply that no one could read: it counts
0.0, as the official tool gives after five tries, and is reported.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from lvlm_compress.benchmarks.files import as_object, field, read_json
from lvlm_compress.errors import UserError

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,
    "runs": pl.List(pl.Float64),
    "unreadable": pl.Int64,
}


def read_grades(file: Path) -> pl.DataFrame:
    """`id, runs (scores in [0, 1], one a run), unreadable (how many were null)`."""
    entries = as_object(read_json(file, unique_keys=True), str(file))
    rows = [_row(key, as_object(entry, f"{file}, '{key}'"), file) for key, entry in entries.items()]
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    lengths = frame["runs"].list.len().unique().sort()
    if lengths.len() > 1:
        raise UserError(f"{file}: questions have different numbers of runs: {lengths.to_list()}.")
    return frame


def _row(key: str, entry: dict[str, Any], file: Path) -> tuple[str, list[float], int]:
    scores = field(entry, "score", list, file, key)
    if not scores:
        raise UserError(f"{file}, entry '{key}': field 'score' is empty; it needs one a run.")
    unreadable = scores.count(None)
    return key, [_grade(score, key, file) for score in scores], unreadable


def _grade(score: object, key: str, file: Path) -> float:
    if score is None:
        return 0.0
    if isinstance(score, int | float) and not isinstance(score, bool) and 0 <= score <= 1:
        return float(score)
    raise UserError(f"{file}, entry '{key}': score {score!r} is not a number from 0 to 1.")
