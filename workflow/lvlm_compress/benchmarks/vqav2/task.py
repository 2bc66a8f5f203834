"""VQAv2's questions as they are put to a model.

Source: spec/benchmarks.md sections 2 and 8; LLaVA's `llava_vqav2_mscoco_test-dev2015.jsonl`.
"""

from __future__ import annotations

from pathlib import Path

from lvlm_compress.benchmarks.examples import build
from lvlm_compress.benchmarks.types import Decoding, Example
from lvlm_compress.benchmarks.vqav2.data import asked, splits
from lvlm_compress.errors import UserError

DECODING = Decoding(max_new_tokens=128)


def load(data: Path, limit: int | None = None, *, split: str | None = None) -> list[Example]:
    """Examples of `testdev` (the paper's), `val` or `test`; by default the first that is there."""
    present = splits(data)
    chosen = present[0] if split is None else split
    if chosen not in present:
        raise UserError(f"{data} has no VQAv2 split '{chosen}'; it has {', '.join(present)}.")
    return build(asked(data, chosen), limit)
