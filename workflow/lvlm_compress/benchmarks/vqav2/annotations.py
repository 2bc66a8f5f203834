"""VQAv2's human answers, read one annotation at a time: the file is larger than memory allows.

Source: spec/benchmarks.md section 8, `v2_mscoco_val2014_annotations.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from lvlm_compress.benchmarks.files import as_object, field, read_text
from lvlm_compress.benchmarks.vqa_accuracy import HUMANS
from lvlm_compress.errors import UserError

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,
    "cluster": pl.String,
    "answer_type": pl.String,
    "question_type": pl.String,
    "answers": pl.List(pl.String),
}
WHITESPACE = " \t\r\n"


def read_annotations(file: Path) -> pl.DataFrame:
    """`id, cluster (image id), answer_type, question_type, answers (ten texts)`."""
    words: dict[str, str] = {}
    rows = (_row(entry, i, file, words) for i, entry in enumerate(items(file, "annotations")))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def items(file: Path, key: str) -> Iterator[dict[str, Any]]:
    """Objects of the list under `key` of a JSON document's outermost object, one by one."""
    text = read_text(file)
    decoder = json.JSONDecoder()
    try:
        at = _list_start(text, key, decoder)
        if at is None:
            raise UserError(f"{file} has no list '{key}'.")
        at = _skip(text, at)
        while text[at] != "]":
            entry, at = decoder.raw_decode(text, at)
            yield as_object(entry, f"{file}, an entry of '{key}'")
            at = _skip(text, at)
            if text[at] == ",":
                at = _skip(text, at + 1)
            elif text[at] != "]":
                raise UserError(f"{file} is not valid JSON at character {at}: expected a comma.")
    except (ValueError, IndexError, RecursionError) as error:
        raise UserError(f"{file} is not valid JSON: {error}.") from None


def _list_start(text: str, key: str, decoder: json.JSONDecoder) -> int | None:
    """Index after the `[` of the list under `key`; the values of other keys are passed over."""
    at = _skip(text, 0)
    while text[at] in "{,":
        at = _skip(text, at + 1)
        if text[at] == "}":
            return None
        name, at = decoder.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
        if name == key and text[at] == "[":
            return at + 1
        at = _skip(text, decoder.raw_decode(text, at)[1])
    return None


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in WHITESPACE:
        at += 1
    return at


def _row(entry: dict[str, Any], index: int, file: Path, words: dict[str, str]) -> tuple[Any, ...]:
    """One annotation; equal texts share one object, which is what keeps memory low."""
    spot = f"annotations[{index}]"
    name = str(field(entry, "question_id", int, file, spot))
    image = str(field(entry, "image_id", int, file, spot))
    kind = field(entry, "answer_type", str, file, spot)
    start = field(entry, "question_type", str, file, spot)
    given = field(entry, "answers", list, file, spot)
    texts = [field(as_object(one, spot), "answer", str, file, spot) for one in given]
    if len(texts) != HUMANS:
        raise UserError(f"{file}, {spot}: field 'answers' has {len(texts)} of {HUMANS} answers.")
    return name, image, kind, start, [words.setdefault(text, text) for text in texts]
