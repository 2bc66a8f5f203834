"""The toxicities of one generation: what the stage between generate and score writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lvlm_compress.toxicity.checkpoint import checkpoint_sha256
from lvlm_compress.toxicity.detector import score_texts
from lvlm_compress.toxicity.store import Store

# Texts between two writes to the store: what a kill may cost.
PORTION = 4096


def toxicities_for(
    rows: Iterable[Mapping[str, Any]], folder: Path, store: Path
) -> list[dict[str, Any]]:
    """Scores of a generation's distinct texts, in the order of their first occurrence.

    Args:
        rows: the generation's rows, with `text`.
        folder: checkpoint folder.
        store: the root of the store over all cells.

    Returns:
        `text`, `toxicity` and the checkpoint's other classes, one row a distinct text.
    """
    texts = list(dict.fromkeys(row["text"] for row in rows))
    kept = Store.of(store, checkpoint_sha256(folder))
    found = kept.find(texts)
    # By length, so that a portion's batches hold texts of a kind.
    absent = sorted((text for text in texts if text not in found), key=len)
    for start in range(0, len(absent), PORTION):
        portion = absent[start : start + PORTION]
        scored = dict(zip(portion, score_texts(portion, folder), strict=True))
        kept.add(scored)
        found |= scored
    return [{"text": text, **found[text]} for text in texts]
