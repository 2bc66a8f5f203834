"""A store of scores by checkpoint and text, so that each distinct text is scored once.

`<store>/<checkpoint sha256>/<writer>.jsonl`: every process appends to a file of its own and reads
all of them. A line that a kill cut short is passed over; its text is scored again.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lvlm_compress.address import sha256_text

Scores = dict[str, float]


@dataclass(frozen=True)
class Store:
    """Scores of one checkpoint.

    Attributes:
        folder: the store's folder of this checkpoint.
    """

    folder: Path

    @classmethod
    def of(cls, root: Path, checkpoint: str) -> Store:
        """The part of the store at `root` that belongs to a checkpoint's sha256."""
        return cls(root / checkpoint)

    def find(self, texts: Iterable[str]) -> dict[str, Scores]:
        """Scores of those texts that have any."""
        wanted = {text_key(text): text for text in texts}
        found: dict[str, Scores] = {}
        for shard in sorted(self.folder.glob("*.jsonl")):
            for key, scores in _lines(shard):
                if key in wanted:
                    found[wanted[key]] = scores
        return found

    def add(self, scored: Mapping[str, Scores]) -> None:
        """Append scores to a new file of this process, flushed to the disk."""
        if not scored:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        writer = f"{socket.gethostname()}.{os.getpid()}.{time.time_ns()}"
        with (self.folder / f"{writer}.jsonl").open("x", encoding="utf-8", newline="\n") as shard:
            for text, scores in scored.items():
                shard.write(json.dumps({"text_sha256": text_key(text), **scores}) + "\n")
            shard.flush()
            os.fsync(shard.fileno())


def text_key(text: str) -> str:
    """What stands for a text in the store, which holds no model's words."""
    return sha256_text(text)


def _lines(shard: Path) -> Iterable[tuple[str, Scores]]:
    *whole, _cut = shard.read_text(encoding="utf-8").split("\n")
    for line in whole:
        record = json.loads(line)
        yield record.pop("text_sha256"), record
