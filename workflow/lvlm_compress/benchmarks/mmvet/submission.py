"""The results file for MM-Vet's online grader: `{"v1_<i>": text}`.

Source: spec/benchmarks.md section 3. The grader stops at a missing key, so an incomplete set of
answers is an error here.
"""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from lvlm_compress.benchmarks.answers import match
from lvlm_compress.benchmarks.mmvet.data import questions
from lvlm_compress.errors import UserError


def write(answers: pl.DataFrame, data: Path, file: Path) -> None:
    """Write the upload for all questions of `data`; the last answer to a question counts."""
    matched = match(answers, questions(data))
    if matched.n_missing:
        first = matched.frame.filter(pl.col("text").is_null())["id"][0]
        raise UserError(
            f"{matched.n_missing} questions have no answer ({first} is the first); MM-Vet's grader"
            " stops at a missing answer, so answer all of them before uploading."
        )
    results = dict(matched.frame.select("id", "text").iter_rows())
    file.write_text(json.dumps(results, indent=4) + "\n", encoding="utf-8")
