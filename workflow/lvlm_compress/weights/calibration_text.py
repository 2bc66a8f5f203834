"""Calibration text: a local file -> blocks of token ids. No torch import.

The procedure of the original AWQ code and of AutoAWQ (section 10 of the compression facts):
shuffle the documents, strip them, skip those longer than a block, take the first `samples` of
the rest, join them with the tokenizer's BOS in front of each, cut the stream in blocks, drop
the tail. Only the shuffle is our own, because the original one belongs to a hub client.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lvlm_compress.errors import UserError
from lvlm_compress.weights.text_files import read_documents


class Tokenizer(Protocol):
    """The one thing asked of a tokenizer: ids of a text, its BOS included."""

    def encode(self, text: str) -> list[int]:
        """Ids of the text with the tokenizer's special tokens."""
        ...


@dataclass(frozen=True)
class CalibrationSpec:
    """Which text calibrates.

    path: .jsonl, .jsonl.zst, .parquet or .txt. samples: documents to take. block: tokens in a
    block and the longest document taken. seed: of the shuffle.
    """

    path: Path
    samples: int = 128
    block: int = 512
    seed: int = 42

    def spec(self) -> dict[str, Any]:
        """What enters a digest beside the content of the file (where it lies does not)."""
        return {"samples": self.samples, "block": self.block, "seed": self.seed}


def calibration_blocks(spec: CalibrationSpec, tokenizer: Tokenizer) -> list[list[int]]:
    """Blocks of exactly `spec.block` ids.

    Raises UserError when the file has fewer fitting documents than asked for, or less than one
    block of tokens: the message says how much is needed and how much was found.
    """
    documents = read_documents(spec.path)
    taken: list[list[int]] = []
    too_long = 0
    for ids in _fitting(documents, tokenizer, spec.seed):
        if len(ids) > spec.block:
            too_long += 1
        else:
            taken.append(ids)
        if len(taken) == spec.samples:
            break
    stream = [token for ids in taken for token in ids]
    if len(taken) < spec.samples or len(stream) < spec.block:
        raise UserError(_too_little(spec, len(taken), too_long, len(stream)))
    ends = range(spec.block, len(stream) + 1, spec.block)
    return [stream[end - spec.block : end] for end in ends]


def shuffled(count: int, seed: int) -> list[int]:
    """A permutation of range(count) that no library version can change: order by hash."""

    def key(index: int) -> bytes:
        return hashlib.sha256(f"{seed}:{index}".encode()).digest()

    return sorted(range(count), key=key)


def _fitting(documents: list[str], tokenizer: Tokenizer, seed: int) -> Iterator[list[int]]:
    for index in shuffled(len(documents), seed):
        text = documents[index].strip()
        if text:
            yield tokenizer.encode(text)


def _too_little(spec: CalibrationSpec, taken: int, too_long: int, tokens: int) -> str:
    return (
        f"Too little calibration text in {spec.path}: {spec.samples} documents of at most "
        f"{spec.block} tokens with at least {spec.block} tokens together are needed; found {taken} "
        f"such documents with {tokens} tokens, and {too_long} documents that are longer. "
        f"Give a larger file, or set calibration.samples or calibration.block accordingly."
    )
