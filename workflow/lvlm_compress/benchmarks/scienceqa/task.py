"""ScienceQA's questions as they are put to a model, text-only ones without a picture.

Source: spec/benchmarks.md sections 2 and 7; LLaVA's `llava_test_CQM-A.json`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from lvlm_compress.benchmarks.examples import build
from lvlm_compress.benchmarks.scienceqa.data import questions
from lvlm_compress.benchmarks.types import Decoding, Example

DECODING = Decoding(max_new_tokens=1024)
SUFFIX = "\nAnswer with the option's letter from the given choices directly."


def prompt(question: str, choices: Sequence[str], hint: str) -> str:
    """Context (if any), question, one line an option, and the suffix."""
    context = f"Context: {hint}\n" if hint else ""
    options = "".join(f"{chr(ord('A') + i)}. {choice}\n" for i, choice in enumerate(choices))
    return f"{context}{question}\n{options}".replace("  ", " ").removesuffix("\n") + SUFFIX


def load(data: Path, limit: int | None = None, *, images_only: bool = False) -> list[Example]:
    """Examples of the test split; `images_only` leaves out the text-only questions."""
    frame = questions(data)
    if images_only:
        frame = frame.filter("has_image")
    rows = frame.select("question", "choices", "hint").iter_rows()
    texts = pl.Series("prompt", [prompt(*row) for row in rows], dtype=pl.String)
    return build(frame.with_columns(texts), limit)
