"""POPE answer files of others: which question an answer's id means.

Source: spec/benchmarks.md section 9. LLaVA's question file says it where it is there; else ids are
the split's offset plus the number in the split file, or that number where there is one split only.
The official script matches by position; answers to another version of the file are an error here.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from lvlm_compress.benchmarks.examples import SHORT_ANSWER
from lvlm_compress.benchmarks.files import field, find_any, no_duplicates, read_jsonl
from lvlm_compress.benchmarks.pope.data import OFFSETS
from lvlm_compress.errors import UserError

KIT = "llava_pope_test.jsonl"


def resolve(answers: pl.DataFrame, gold: pl.DataFrame, data: Path) -> pl.DataFrame:
    """Answers with the ids of `gold`; those that belong to no question keep one that is not."""
    kit = find_any(data, KIT)
    resolved = _by_kit(answers, gold, kit) if kit else _by_number(answers, gold)
    _check_prompts(resolved, gold, data)
    return resolved


def _by_kit(answers: pl.DataFrame, gold: pl.DataFrame, kit: Path) -> pl.DataFrame:
    rows = [
        (
            str(field(record, "question_id", int, kit, line)),
            field(record, "category", str, kit, line),
            field(record, "image", str, kit, line),
            field(record, "text", str, kit, line).removesuffix(SHORT_ANSWER),
        )
        for line, record in read_jsonl(kit)
    ]
    names = ["id", "subset", "cluster", "question"]
    listed = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    same = gold.unique(names[1:], keep="first").select(*names[1:], gold_id="id")
    ids = no_duplicates(listed, ["id"], kit).join(same, on=names[1:])
    unknown = pl.lit("not in the split files: ") + pl.col("id")
    return answers.join(ids, on="id", how="left", maintain_order="left").select(
        pl.coalesce("gold_id", unknown).alias("id"), "prompt", "text"
    )


def _by_number(answers: pl.DataFrame, gold: pl.DataFrame) -> pl.DataFrame:
    subsets = gold["subset"].unique().to_list()
    if len(subsets) > 1 or answers["id"].is_in(gold["id"].implode()).any():
        return answers
    number = pl.col("id").cast(pl.Int64, strict=False) + OFFSETS[subsets[0]]
    return answers.with_columns(pl.coalesce(number.cast(pl.String), "id").alias("id"))


def _check_prompts(answers: pl.DataFrame, gold: pl.DataFrame, data: Path) -> None:
    """A prompt that asks another of the benchmark's questions than its id says."""
    pairs = answers.join(gold.select("id", "question"), on="id")
    first = pl.col("prompt").str.split("\n").list.first()
    known = first.is_in(gold["question"].unique().implode())
    other = pairs.filter(known & (first != pl.col("question")))
    if other.height:
        raise UserError(
            f"{other.height} answers have another question than the split files in {data} under"
            f" the same id ({other['id'][0]}: {other['prompt'][0][:80]!r}); the answers belong to"
            f" another version of POPE. Put that version's files, or its {KIT}, there."
        )
