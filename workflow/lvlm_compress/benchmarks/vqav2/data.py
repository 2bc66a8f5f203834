"""VQAv2's questions: the kit's test-dev list, the validation files, or a parquet mirror.

Source: spec/benchmarks.md section 8. Test-dev has no public answers; validation has.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from lvlm_compress.benchmarks import parquet
from lvlm_compress.benchmarks.examples import SHORT_ANSWER, with_files
from lvlm_compress.benchmarks.files import field, find, find_any, no_duplicates, read_jsonl
from lvlm_compress.benchmarks.vqav2.annotations import items, read_annotations
from lvlm_compress.errors import UserError

TEST_DEV = "llava_vqav2_mscoco_test-dev2015.jsonl"
TEST = "llava_vqav2_mscoco_test2015.jsonl"
VAL_QUESTIONS = "v2_OpenEnded_mscoco_val2014_questions.json"
VAL_ANNOTATIONS = "v2_mscoco_val2014_annotations.json"


def splits(data: Path) -> list[str]:
    """Which of `testdev`, `val` and `test` (all of test2015) are there, the paper's first."""
    present: dict[str, object] = {
        "testdev": find_any(data, TEST_DEV) or parquet.shards(data, "testdev"),
        "val": find_any(data, VAL_QUESTIONS, VAL_ANNOTATIONS) or parquet.shards(data, "validation"),
        "test": find_any(data, TEST),
    }
    found = [split for split, files in present.items() if files]
    if not found:
        raise UserError(
            f"{data} holds neither {TEST_DEV} nor {TEST} nor {VAL_QUESTIONS} with {VAL_ANNOTATIONS}"
            " nor testdev-*.parquet or validation-*.parquet files of VQAv2."
        )
    return found


def asked(data: Path, split: str) -> pl.DataFrame:
    """`id, cluster (image), prompt, file, row` of a split."""
    if split == "test":
        return listed(find(data, TEST), data)
    if split == "testdev":
        kit = find_any(data, TEST_DEV)
        return listed(kit, data) if kit else _mirror_questions(data, "testdev")
    file = find_any(data, VAL_QUESTIONS)
    return _val_questions(file, data) if file else _mirror_questions(data, "validation")


def listed(kit: Path, data: Path) -> pl.DataFrame:
    """Questions of one of the kit's lists, in file order."""
    rows = [
        (
            str(field(record, "question_id", int, kit, line)),
            field(record, "image", str, kit, line),
            field(record, "text", str, kit, line),
        )
        for line, record in read_jsonl(kit)
    ]
    schema = dict.fromkeys(["id", "cluster", "prompt"], pl.String)
    frame = no_duplicates(pl.DataFrame(rows, schema=schema, orient="row"), ["id"], kit)
    return with_files(frame, data / "test2015", pl.col("cluster"), kit)


def _val_questions(file: Path, data: Path) -> pl.DataFrame:
    rows = [
        (
            str(field(entry, "question_id", int, file, f"questions[{i}]")),
            f"COCO_val2014_{field(entry, 'image_id', int, file, f'questions[{i}]'):012d}.jpg",
            field(entry, "question", str, file, f"questions[{i}]") + SHORT_ANSWER,
        )
        for i, entry in enumerate(items(file, "questions"))
    ]
    schema = dict.fromkeys(["id", "cluster", "prompt"], pl.String)
    frame = no_duplicates(pl.DataFrame(rows, schema=schema, orient="row"), ["id"], file)
    return with_files(frame, data / "val2014", pl.col("cluster"), file)


def _mirror_questions(data: Path, split: str) -> pl.DataFrame:
    names = ["question_id", "image_id", "question"]
    table = parquet.complete(parquet.read(parquet.shards(data, split), names), names)
    frame = table.select(
        pl.col("question_id").cast(pl.String).alias("id"),
        pl.col("image_id").cast(pl.String).alias("cluster"),
        (pl.col("question") + SHORT_ANSWER).alias("prompt"),
        "file",
        "row",
    )
    return no_duplicates(frame, ["id"], data)


def human_answers(data: Path) -> pl.DataFrame:
    """`id, cluster, answer_type, question_type, answers` of the validation split."""
    file = find_any(data, VAL_ANNOTATIONS)
    if file is None and find_any(data, VAL_QUESTIONS):
        file = find(data, VAL_ANNOTATIONS)
    if file is not None:
        return no_duplicates(read_annotations(file), ["id"], file)
    files = parquet.shards(data, "validation")
    names = ["question_id", "image_id", "question_type", "answer_type", "answers"]
    table = parquet.complete(parquet.read(files, names), names)
    texts = pl.col("answers").list.eval(pl.element().struct.field("answer"))
    frame = table.select(
        pl.col("question_id").cast(pl.String).alias("id"),
        pl.col("image_id").cast(pl.String).alias("cluster"),
        "answer_type",
        "question_type",
        texts,
    )
    return no_duplicates(frame, ["id"], data)
