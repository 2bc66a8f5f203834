"""From a frame of questions to the examples that generation works through.

A question frame has `id`, `prompt`, `cluster`, and for the picture `file` (path; null for a
text-only question) and `row` (null for an image file, else the row of a parquet file).
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from lvlm_compress.benchmarks.images import inside
from lvlm_compress.benchmarks.types import Example, ImageSource
from lvlm_compress.errors import UserError

# What LLaVA's kit appends to every short-answer question.
SHORT_ANSWER = "\nAnswer the question using a single word or phrase."


def with_files(frame: pl.DataFrame, folder: Path, relative: pl.Expr, source: Path) -> pl.DataFrame:
    """Add `file` and `row` for pictures that lie below `folder` (null stays null).

    Raises:
        UserError: a picture's path leaves the folder; `source` is the file that says so.
    """
    names = frame.select(relative.alias("name"))["name"]
    paths = [
        None if name is None else str(inside(folder, name, f"{source}, entry '{key}'"))
        for key, name in zip(frame["id"], names, strict=True)
    ]
    files = pl.Series("file", paths, dtype=pl.String)
    return frame.with_columns(files, pl.lit(None, dtype=pl.UInt32).alias("row"))


def build(frame: pl.DataFrame, limit: int | None, unit: str = "id") -> list[Example]:
    """Examples in order; `limit` keeps the first so many values of `unit`, all rows of each."""
    if limit is not None:
        if limit < 1:
            raise UserError(f"The limit of a benchmark must be at least 1, not {limit}.")
        first = frame[unit].unique(maintain_order=True).head(limit)
        frame = frame.filter(pl.col(unit).is_in(first.implode()))
    columns = frame.select("id", "prompt", "file", "row", "cluster")
    return [
        Example(name, prompt, _image(name, file, row), cluster)
        for name, prompt, file, row, cluster in columns.iter_rows()
    ]


def _image(name: str, file: str | None, row: int | None) -> ImageSource | None:
    return None if file is None else ImageSource(Path(file), name, row)
