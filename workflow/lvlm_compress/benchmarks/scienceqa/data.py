"""ScienceQA's test questions, from `problems.json` and `pid_splits.json` or a parquet mirror.

Source: spec/benchmarks.md section 7. A mirror has no problem ids; there ids are `test_<row>`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from lvlm_compress.benchmarks import parquet
from lvlm_compress.benchmarks.examples import with_files
from lvlm_compress.benchmarks.files import as_object, field, find, find_any, read_json
from lvlm_compress.errors import UserError

SPLIT = "test"
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,
    "question": pl.String,
    "choices": pl.List(pl.String),
    "answer": pl.Int64,
    "hint": pl.String,
    "image": pl.String,
    "subject": pl.String,
    "grade": pl.String,
}
# What only the sub-scores and the prompt's first line need; absent means empty.
EXTRAS = ["hint", "subject", "grade"]


def questions(data: Path) -> pl.DataFrame:
    """Columns of SCHEMA and `cluster, has_image, file, row`, in the order of the split."""
    problems = find_any(data, "problems.json")
    frame = _from_mirror(data) if problems is None else _from_layout(problems, data)
    wrong = frame.filter(~pl.col("answer").is_between(0, pl.col("choices").list.len() - 1))
    if wrong.height:
        raise UserError(f"{data}, problem '{wrong['id'][0]}': field 'answer' indexes no choice.")
    return frame.with_columns(cluster=pl.col("id"))


def _from_layout(file: Path, data: Path) -> pl.DataFrame:
    splits = find(data, "pid_splits.json")
    pids = field(as_object(read_json(splits), str(splits)), SPLIT, list, splits, SPLIT)
    problems = as_object(read_json(file, unique_keys=True), str(file))
    rows = [_row(str(pid), problems, file) for pid in pids]
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    if frame["id"].is_duplicated().any():
        raise UserError(f"{splits}: the split '{SPLIT}' names a problem twice.")
    place = pl.col("id") + "/" + pl.col("image")
    framed = with_files(frame, data / "images" / SPLIT, place, file)
    return framed.with_columns(has_image=pl.col("image").is_not_null())


def _row(pid: str, problems: dict[str, Any], file: Path) -> tuple[Any, ...]:
    if pid not in problems:
        raise UserError(f"{file} has no problem '{pid}', which pid_splits.json lists.")
    problem = as_object(problems[pid], f"{file}, '{pid}'")
    choices = field(problem, "choices", list, file, pid)
    if not all(isinstance(choice, str) for choice in choices):
        raise UserError(f"{file}, entry '{pid}': field 'choices' must be a list of texts.")
    question = field(problem, "question", str, file, pid)
    filled = dict.fromkeys(EXTRAS, "") | problem
    hint, subject, grade = (field(filled, name, str, file, pid) for name in EXTRAS)
    answer, image = field(problem, "answer", int, file, pid), problem.get("image")
    if image is not None:
        image = field(problem, "image", str, file, pid) or None
    return pid, question, choices, answer, hint, image, subject, grade


def _from_mirror(data: Path) -> pl.DataFrame:
    files = parquet.shards(data, SPLIT, "ScienceQA-FULL") or parquet.shards(data, SPLIT)
    if not files:
        raise UserError(f"{data} holds neither problems.json nor test-*.parquet of ScienceQA.")
    table = parquet.read(files, ["question", "choices", "answer", *EXTRAS])
    table = parquet.complete(table, ["question", "choices", "answer"])
    filled = table.with_columns(pl.col(EXTRAS).fill_null(""))
    return _with_pictures(filled.with_row_index("number")).with_columns(
        id=pl.lit(f"{SPLIT}_") + pl.col("number").cast(pl.String),
        answer=pl.col("answer").cast(pl.Int64),
    )


def _with_pictures(table: pl.DataFrame) -> pl.DataFrame:
    """`has_image`, and `file` and `row` emptied where the image column is null."""
    present = [
        pl.read_parquet(file, columns=["image"]).select(
            pl.lit(file).alias("file"),
            pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"),
            has_image=pl.col("image").struct.field("bytes").is_not_null(),
        )
        for file in table["file"].unique(maintain_order=True)
    ]
    joined = table.join(pl.concat(present), on=["file", "row"], how="left", maintain_order="left")
    keep = pl.when(pl.col("has_image"))
    return joined.with_columns(keep.then("file").alias("file"), keep.then("row").alias("row"))
