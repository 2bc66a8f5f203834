"""HallusionBench's questions, from its JSON list or from a parquet mirror.

Source: spec/benchmarks.md section 10. All fields of the file are strings; 178 questions have no
picture (visual supplement, figure 0).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from lvlm_compress.benchmarks import parquet
from lvlm_compress.benchmarks.examples import with_files
from lvlm_compress.benchmarks.files import as_object, field, find_any, no_duplicates, read_json
from lvlm_compress.errors import UserError

NAME = "HallusionBench.json"
KEYS = ("category", "subcategory", "set_id", "figure_id", "question_id")
FIELDS = (*KEYS, "visual_input", "question", "gt_answer", "gt_answer_details", "filename")
ALLOWED = {"category": ("VD", "VS"), "visual_input": ("0", "1", "2"), "gt_answer": ("0", "1")}


def questions(data: Path) -> pl.DataFrame:
    """`id, cluster (set)`, the file's fields as text, `file` and `row`, in the file's order."""
    file = find_any(data, NAME, f"hallusion_bench/{NAME}")
    frame = _from_mirror(data) if file is None else _from_list(file)
    _check_values(frame, file or data)
    return frame.with_columns(
        pl.concat_str("category", "subcategory", "set_id", separator="/").alias("cluster")
    )


def _check_values(frame: pl.DataFrame, source: Path) -> None:
    for name, allowed in ALLOWED.items():
        other = frame.filter(~pl.col(name).is_in(allowed))
        if other.height:
            raise UserError(
                f"{source}, entry '{other['id'][0]}': field '{name}' is {other[name][0]!r};"
                f" it must be one of {', '.join(allowed)}."
            )


def example_id(record: Mapping[str, Any], file: Path, spot: object) -> str:
    """Id of a record of the question file, the result file or a verdict file."""
    return "/".join(str(field(record, key, (str, int), file, spot)) for key in KEYS)


def records(file: Path) -> list[dict[str, Any]]:
    """The objects of a JSON list."""
    found = read_json(file)
    if not isinstance(found, list):
        raise UserError(f"{file} must be a JSON list, as HallusionBench's own files are.")
    return [as_object(record, f"{file}, entry {i}") for i, record in enumerate(found)]


def _from_list(file: Path) -> pl.DataFrame:
    rows = [_row(record, file, f"{i}") for i, record in enumerate(records(file))]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(("id", *FIELDS), pl.String), orient="row")
    pictures = next(
        (p for p in (file.parent / "hallusion_bench", file.parent / "data") if p.is_dir()),
        file.parent,
    )
    relative = pl.col("filename").str.strip_prefix("./")
    return with_files(no_duplicates(frame, ["id"], file), pictures, relative, file)


def _row(record: dict[str, Any], file: Path, spot: str) -> tuple[str | None, ...]:
    values = {name: str(field(record, name, (str, int), file, spot)) for name in FIELDS[:-1]}
    filename = record.get("filename")
    if filename is not None:
        filename = field(record, "filename", str, file, spot)
    return example_id(record, file, spot), *values.values(), filename


def _from_mirror(data: Path) -> pl.DataFrame:
    pictured, textual = parquet.shards(data, "image"), parquet.shards(data, "non_image")
    if not pictured or not textual:
        raise UserError(
            f"{data} holds neither {NAME} nor the parquet splits image and non_image of"
            " HallusionBench."
        )
    asked = parquet.read(pictured, FIELDS)
    unpictured = parquet.read(textual, FIELDS).with_columns(
        pl.lit(None, dtype=pl.String).alias("file"), pl.lit(None, dtype=pl.UInt32).alias("row")
    )
    table = pl.concat([asked, unpictured], how="vertical_relaxed")
    table = table.with_columns(pl.col(name).cast(pl.String) for name in FIELDS)
    table = table.with_columns(pl.concat_str(*KEYS, separator="/").alias("id"))
    return no_duplicates(parquet.complete(table, ["id", *FIELDS[:-1]]), ["id"], data)
