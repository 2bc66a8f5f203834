"""GQA's testdev-balanced questions, from the question file or from a parquet mirror.

Source: spec/benchmarks.md section 5. Only balanced questions are asked and scored.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from lvlm_compress.benchmarks import parquet
from lvlm_compress.benchmarks.examples import with_files
from lvlm_compress.benchmarks.files import as_object, field, find_any, no_duplicates, read_json
from lvlm_compress.errors import UserError

NAME = "testdev_balanced_questions.json"
PLACES = (f"data/{NAME}", NAME, f"data/questions1.2/{NAME}", f"questions1.2/{NAME}")
COLUMNS = ["id", "cluster", "question", "answer", "structural"]


def questions(data: Path) -> pl.DataFrame:
    """`id, cluster (image id), question, answer, structural (type), file, row`."""
    file = find_any(data, *PLACES)
    return _from_mirror(data) if file is None else _from_layout(file, data)


def _from_layout(file: Path, data: Path) -> pl.DataFrame:
    entries = as_object(read_json(file, unique_keys=True), str(file))
    rows = [_row(key, as_object(entry, f"{file}, '{key}'"), file) for key, entry in entries.items()]
    kept = [row for row in rows if row is not None]
    frame = pl.DataFrame(kept, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
    images = data / "data" / "images" if (data / "data" / "images").is_dir() else data / "images"
    return with_files(frame, images, pl.col("cluster") + ".jpg", file)


def _row(key: str, entry: dict[str, Any], file: Path) -> tuple[str, ...] | None:
    if not entry.get("isBalanced", True):
        return None
    texts = [field(entry, name, str, file, key) for name in ("imageId", "question", "answer")]
    types = field(entry, "types", dict, file, key)
    return key, *texts, field(types, "structural", str, file, key)


def _from_mirror(data: Path) -> pl.DataFrame:
    asked = parquet.shards(data, "testdev", "testdev_balanced_instructions")
    images = parquet.shards(data, "testdev", "testdev_balanced_images")
    if not asked or not images:
        raise UserError(
            f"{data} holds neither {PLACES[0]} nor the parquet folders"
            " testdev_balanced_instructions and testdev_balanced_images of GQA."
        )
    names = ["id", "imageId", "question", "answer", "isBalanced", "types"]
    table = (
        parquet.read(asked, names)
        .filter(pl.col("isBalanced"))
        .select(
            "id",
            pl.col("imageId").alias("cluster"),
            "question",
            "answer",
            pl.col("types").struct.field("structural"),
            "file",
            "row",
        )
    )
    table = no_duplicates(parquet.complete(table, COLUMNS), ["id"], data).select(COLUMNS)
    pictures = parquet.read(images, ["id"]).select(cluster="id", file="file", row="row")
    joined = table.join(pictures, on="cluster", how="left", maintain_order="left")
    absent = joined.filter(pl.col("file").is_null())
    if absent.height:
        raise UserError(
            f"{data}: image '{absent['cluster'][0]}' is in no testdev_balanced_images file."
        )
    return joined
