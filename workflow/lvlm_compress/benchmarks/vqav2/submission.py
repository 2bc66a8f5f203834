"""The upload for VQAv2's server: every test2015 question in file order.

Source: spec/benchmarks.md section 8 (LLaVA's `convert_vqav2_for_submission.py`), EvalAI challenge
830, phase test-dev. A question without an answer gets the empty one; answers are normalised.
"""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from lvlm_compress.benchmarks.answers import match
from lvlm_compress.benchmarks.files import find_any
from lvlm_compress.benchmarks.vqa_normalise import map_unique, normalise
from lvlm_compress.benchmarks.vqav2.data import TEST, listed
from lvlm_compress.errors import UserError


def write(answers: pl.DataFrame, data: Path, file: Path) -> None:
    """Write `[{"question_id": int, "answer": str}, ...]`."""
    listing = find_any(data, TEST)
    if listing is None:
        raise UserError(f"{data} has no {TEST}; the upload must name every question of test2015.")
    frame = match(answers, listed(listing, data)).frame
    texts = map_unique(frame["text"].fill_null(""), normalise)
    pairs = zip(frame["id"].cast(pl.Int64), texts, strict=True)
    entries = [{"question_id": name, "answer": text} for name, text in pairs]
    file.write_text(json.dumps(entries), encoding="utf-8")
