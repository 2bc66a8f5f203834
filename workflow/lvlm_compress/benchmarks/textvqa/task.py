"""TextVQA's questions as they are put to a model, with the OCR tokens as the paper has them.

Source: spec/benchmarks.md sections 2 and 4. The data file has no OCR tokens, so the kit's question
file gives the prompts; a parquet mirror has the tokens.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from lvlm_compress.benchmarks.examples import build, with_files
from lvlm_compress.benchmarks.files import field, find, no_duplicates, read_jsonl
from lvlm_compress.benchmarks.textvqa import prompts
from lvlm_compress.benchmarks.textvqa.data import questions
from lvlm_compress.benchmarks.types import Decoding, Example
from lvlm_compress.errors import UserError

DECODING = Decoding(max_new_tokens=128)
KIT = "llava_textvqa_val_v051_ocr.jsonl"


def load(data: Path, limit: int | None = None, *, ocr: bool = True) -> list[Example]:
    """Examples; `ocr=False` leaves out the OCR line (not what the paper did)."""
    gold = questions(data)
    mirrored = "ocr_tokens" in gold.columns
    return build(_from_mirror(gold, ocr) if mirrored else _from_kit(gold, data, ocr), limit)


def _from_mirror(gold: pl.DataFrame, ocr: bool) -> pl.DataFrame:
    pairs = gold.select("question", "ocr_tokens").iter_rows()
    texts = [prompts.prompt(question, tokens if ocr else None) for question, tokens in pairs]
    return gold.with_columns(pl.Series("prompt", texts, dtype=pl.String))


def _from_kit(gold: pl.DataFrame, data: Path, ocr: bool) -> pl.DataFrame:
    """Kit prompts in the kit's order, each with the question it belongs to."""
    kit = find(data, KIT)
    rows = []
    for line, record in read_jsonl(kit):
        text = field(record, "text", str, kit, line)
        key = prompts.question_of(text)
        if key is None:
            raise UserError(f"{kit}, line {line}: field 'text' is not a TextVQA prompt: {text!r}.")
        image = field(record, "image", str, kit, line)
        name = field(record, "question_id", str, kit, line)
        rows.append((name, key, image, text if ocr else prompts.without_ocr(text)))
    schema = dict.fromkeys(["cluster", "key", "image", "prompt"], pl.String)
    listed = no_duplicates(pl.DataFrame(rows, schema=schema, orient="row"), ["cluster", "key"], kit)
    joined = listed.join(gold, on=["cluster", "key"], how="left", maintain_order="left")
    unknown = joined.filter(pl.col("id").is_null())
    if unknown.height:
        raise UserError(f"{kit}: image '{unknown['cluster'][0]}' has no such question in the data.")
    return with_files(joined, data / "train_images", pl.col("image"), kit)
