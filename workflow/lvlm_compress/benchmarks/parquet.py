"""Local copies of hub data sets: folders of parquet files with an `image` struct column.

Source: spec/benchmarks.md section 0. Pictures are not read here; `file` and `row` say where one is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from lvlm_compress.errors import UserError


def shards(data: Path, split: str, config: str | None = None) -> list[Path]:
    """Files of a split (`<split>-00000-of-00003*.parquet` or `<split>.parquet`), in order.

    Args:
        data: the data set's folder; subfolders are searched.
        split: name before the first dash of a file name.
        config: a folder between `data` and the file, for sets that have several.
    """
    if not data.is_dir():
        raise UserError(f"The data folder {data} does not exist or is not a folder.")
    return [
        path
        for path in sorted(data.rglob("*.parquet"))
        if path.stem.split("-")[0] == split
        and (config is None or config in path.relative_to(data).parts[:-1])
    ]


def read(files: Sequence[Path], columns: Sequence[str]) -> pl.DataFrame:
    """The named columns of all files, with `file` (path) and `row` (index in that file)."""
    return pl.concat([_read_one(file, columns) for file in files])


def _read_one(file: Path, columns: Sequence[str]) -> pl.DataFrame:
    try:
        present = pl.read_parquet_schema(file)
        for column in columns:
            if column not in present:
                raise UserError(f"{file} has no column '{column}'; it has {', '.join(present)}.")
        table = pl.read_parquet(file, columns=list(columns))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise UserError(f"{file} can't be read as parquet: {error}.") from None
    return table.select(columns).with_row_index("row").with_columns(file=pl.lit(str(file)))


def complete(table: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """The table itself; an empty (or not convertible) cell in `columns` is a UserError."""
    for column in columns:
        empty = table.filter(pl.col(column).is_null())
        if empty.height:
            spot = f"{empty['file'][0]}, row {empty['row'][0]}"
            raise UserError(f"{spot}: column '{column}' is empty or holds an unexpected value.")
    return table
