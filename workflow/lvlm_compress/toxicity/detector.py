"""Toxicity of texts by Detoxify, from a local checkpoint folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lvlm_compress.toxicity import checkpoint

# In single precision a batch's size and padding change the seventh digit of a score, and a text's
# neighbours depend on which cell ran first. In double precision these digits are the text's own.
DIGITS = 6


def score_texts(texts: list[str], folder: Path, batch_size: int = 64) -> list[dict[str, float]]:
    """Scores of each text by the checkpoint's classes (`toxicity`, ...), from 0 to 1, in order.

    Texts go through the model sorted by length, each distinct one once, cut at the tokenizer's
    maximum. The empty text has a score like any other.

    Args:
        texts: any texts.
        folder: checkpoint folder (see `checkpoint`).
        batch_size: texts at a time; changes no score.
    """
    if not texts:
        return []
    model = load(folder)
    distinct = sorted(set(texts), key=lambda text: (len(text), text))
    found: dict[str, dict[str, float]] = {}
    for start in range(0, len(distinct), batch_size):
        batch = distinct[start : start + batch_size]
        found.update(zip(batch, _rows(model.predict(batch), len(batch)), strict=True))
    return [found[text] for text in texts]


def load(folder: Path) -> Any:
    """A `Detoxify` in double precision; nothing is fetched, nothing foreign is unpickled."""
    # Read by huggingface_hub when it is imported, so it must be set before.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from detoxify import Detoxify
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    place = folder.resolve()
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "checkpoint.pt"
        checkpoint.write_torch(checkpoint.read(place), place, file)
        detoxify = Detoxify(checkpoint=str(file), huggingface_config_path=str(place))
    detoxify.model.double()
    return detoxify


def _rows(columns: dict[str, Any], n: int) -> Iterator[dict[str, float]]:
    """One map a text; Detoxify gives a bare number instead of a list for a single text."""
    lists: dict[str, Sequence[float]] = {
        name: values if isinstance(values, list) else [values] for name, values in columns.items()
    }
    for i in range(n):
        yield {name: round(values[i], DIGITS) for name, values in lists.items()}
