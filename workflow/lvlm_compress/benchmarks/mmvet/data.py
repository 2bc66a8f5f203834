"""MM-Vet's questions, from `mm-vet.json` or from a parquet mirror.

Source: spec/benchmarks.md section 3. Ids are `v1_<i>`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from lvlm_compress.benchmarks import parquet
from lvlm_compress.benchmarks.examples import with_files
from lvlm_compress.benchmarks.files import as_object, field, find_any, no_duplicates, read_json
from lvlm_compress.errors import UserError

CAPABILITIES = ["rec", "ocr", "know", "gen", "spat", "math"]
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,
    "cluster": pl.String,
    "question": pl.String,
    "answer": pl.String,
    "capability": pl.List(pl.String),
}


def questions(data: Path) -> pl.DataFrame:
    """`id, cluster (image), question, answer, capability (list), file, row`."""
    file = find_any(data, "mm-vet.json")
    return _from_mirror(data) if file is None else _from_layout(file, data)


def _from_layout(file: Path, data: Path) -> pl.DataFrame:
    entries = as_object(read_json(file, unique_keys=True), str(file))
    rows = [_row(key, as_object(entry, f"{file}, '{key}'"), file) for key, entry in entries.items()]
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    return with_files(frame, data / "images", pl.col("cluster"), file)


def _row(key: str, entry: dict[str, Any], file: Path) -> tuple[Any, ...]:
    texts = [field(entry, name, str, file, key) for name in ("imagename", "question", "answer")]
    skills = field(entry, "capability", list, file, key)
    unknown = [skill for skill in skills if skill not in CAPABILITIES]
    if unknown or not skills:
        raise UserError(
            f"{file}, entry '{key}': field 'capability' is {skills!r};"
            f" it must list some of {', '.join(CAPABILITIES)}."
        )
    return key, *texts, skills


def _from_mirror(data: Path) -> pl.DataFrame:
    files = parquet.shards(data, "test")
    if not files:
        raise UserError(f"{data} holds neither mm-vet.json nor test-*.parquet files of MM-Vet.")
    names = ["question_id", "question", "answer", "image_source", "capability"]
    table = parquet.complete(parquet.read(files, names), ["question_id", "question", "answer"])
    frame = table.select(
        pl.col("question_id").alias("id"),
        pl.col("question_id").alias("cluster"),
        "question",
        "answer",
        pl.col("capability").str.split(",").list.eval(pl.element().str.strip_chars()),
        "file",
        "row",
    )
    return no_duplicates(frame, ["id"], data)
