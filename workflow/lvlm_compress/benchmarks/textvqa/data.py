"""TextVQA's questions and human answers, from `TextVQA_0.5.1_val.json` or a parquet mirror.

Source: spec/benchmarks.md section 4. An answer belongs to (image, question); ids are question ids.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from lvlm_compress.benchmarks import parquet
from lvlm_compress.benchmarks.files import as_object, field, find_any, no_duplicates, read_json
from lvlm_compress.benchmarks.vqa_accuracy import HUMANS
from lvlm_compress.errors import UserError

NAME = "TextVQA_0.5.1_val.json"
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,
    "cluster": pl.String,
    "question": pl.String,
    "answers": pl.List(pl.String),
}


def questions(data: Path) -> pl.DataFrame:
    """`id, cluster (image id), question, answers (ten texts), key (the question in lower case)`.

    A mirror adds `ocr_tokens`, `file` and `row`.
    """
    file = find_any(data, NAME)
    frame, source = (_from_mirror(data), data) if file is None else (_from_layout(file), file)
    wrong = frame.filter(pl.col("answers").list.len() != HUMANS)
    if wrong.height:
        raise UserError(
            f"{source}, question '{wrong['id'][0]}': field 'answers' has"
            f" {wrong['answers'][0].len()} answers; the metric needs exactly {HUMANS}."
        )
    keyed = frame.with_columns(key=pl.col("question").str.to_lowercase())
    return no_duplicates(keyed, ["cluster", "key"], source)


def _from_layout(file: Path) -> pl.DataFrame:
    document = as_object(read_json(file), str(file))
    entries = field(document, "data", list, file, "top level")
    rows = [
        _row(as_object(entry, f"{file}, data[{i}]"), file, i) for i, entry in enumerate(entries)
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _row(entry: dict[str, Any], file: Path, index: int) -> tuple[Any, ...]:
    spot = f"data[{index}]"
    number = field(entry, "question_id", (int, str), file, spot)
    answers = field(entry, "answers", list, file, spot)
    if not all(isinstance(answer, str) for answer in answers):
        raise UserError(f"{file}, {spot}: field 'answers' must be a list of texts.")
    image = field(entry, "image_id", str, file, spot)
    return str(number), image, field(entry, "question", str, file, spot), answers


def _from_mirror(data: Path) -> pl.DataFrame:
    files = parquet.shards(data, "validation")
    if not files:
        raise UserError(f"{data} holds neither {NAME} nor validation-*.parquet files of TextVQA.")
    names = ["image_id", "question_id", "question", "answers", "ocr_tokens"]
    return parquet.complete(parquet.read(files, names), names).select(
        pl.col("question_id").cast(pl.String).alias("id"),
        pl.col("image_id").alias("cluster"),
        "question",
        "answers",
        "ocr_tokens",
        "file",
        "row",
    )
