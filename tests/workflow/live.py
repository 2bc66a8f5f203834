"""A clone that really runs: a random LLaVA answers a few drawn questions, end to end."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from tests.generation.tiny import save_llava
from tests.workflow.clone import Clone, make_clone

LIVE_GRID = """
engine: fast
models:
  random: {family: llava, path: model, dtype: float32}
calibration: {text: text.jsonl}
compressions: [fp16, kv2-t128]
benchmarks:
  pope: {data: {embedded: {items: 6}}, max_new_tokens: 4}
  gqa: {data: {embedded: {items: 6}}, max_new_tokens: 4}
"""


def make_live_clone(folder: Path, like: Clone | None = None) -> Clone:
    """A clone with a real (random, tiny) model, another clone's if given, and `mine.yaml`."""
    clone = make_clone(folder)
    shutil.rmtree(folder / "model")
    if like is None:
        save_llava(folder / "model")
    else:
        shutil.copytree(like.root / "model", folder / "model")
    (folder / "mine.yaml").write_text(LIVE_GRID)
    return clone


def published(clone: Clone) -> dict[str, str]:
    """Names and sha256 of the published tables: what must not depend on how a run went."""
    tables = clone.root / "results" / "tables"
    files = sorted(tables.iterdir())
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
