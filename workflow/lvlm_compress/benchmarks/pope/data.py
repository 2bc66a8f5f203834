"""POPE's questions, from the split files or from a parquet mirror.

Source: spec/benchmarks.md section 9. Ids are LLaVA's: the split's offset plus the number in its
file. Two versions of the random split exist (2910 questions, the paper's, and 3000); both load.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from lvlm_compress.benchmarks import parquet
from lvlm_compress.benchmarks.examples import with_files
from lvlm_compress.benchmarks.files import field, find_any, no_duplicates, read_jsonl
from lvlm_compress.errors import UserError

OFFSETS = {"random": 10_000_000, "popular": 20_000_000, "adversarial": 0}
LABELS = ("yes", "no")
COLUMNS = ["id", "subset", "cluster", "question", "label"]


def questions(data: Path) -> pl.DataFrame:
    """`id, subset, cluster (image), question, label, file, row` of every subset that is there."""
    files = {subset: _split_file(data, subset) for subset in OFFSETS}
    present = {subset: file for subset, file in files.items() if file is not None}
    if present:
        return pl.concat(_from_split(subset, file, data) for subset, file in present.items())
    return _from_mirror(data)


def _split_file(data: Path, subset: str) -> Path | None:
    name = f"coco_pope_{subset}.json"
    return find_any(data, f"coco/{name}", name)


def _from_split(subset: str, file: Path, data: Path) -> pl.DataFrame:
    rows = [_row(subset, record, file, line) for line, record in read_jsonl(file)]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
    frame = no_duplicates(frame, ["id"], file)
    return with_files(frame, data / "val2014", pl.col("cluster"), file)


def _row(subset: str, record: dict[str, Any], file: Path, line: int) -> tuple[str, ...]:
    label = field(record, "label", str, file, line)
    if label not in LABELS:
        raise UserError(f"{file}, line {line}: field 'label' is {label!r}; it must be yes or no.")
    number = field(record, "question_id", int, file, line)
    image, text = field(record, "image", str, file, line), field(record, "text", str, file, line)
    return str(OFFSETS[subset] + number), subset, image, text, label


def _from_mirror(data: Path) -> pl.DataFrame:
    files = parquet.shards(data, "test")
    if not files:
        raise UserError(f"{data} holds neither coco_pope_*.json nor test-*.parquet files of POPE.")
    columns = ["question_id", "question", "answer", "image_source", "category"]
    table = parquet.read(files, columns)
    number = pl.col("question_id").cast(pl.Int64, strict=False)
    offset = pl.col("category").replace_strict(OFFSETS, default=None, return_dtype=pl.Int64)
    frame = table.select(
        (number + offset).cast(pl.String).alias("id"),
        pl.col("category").alias("subset"),
        pl.col("image_source").alias("cluster"),
        "question",
        pl.col("answer").str.to_lowercase().alias("label"),
        "file",
        "row",
    )
    return no_duplicates(parquet.complete(frame, COLUMNS), ["id"], data)
