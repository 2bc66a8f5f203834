"""Small helpers that write data sets and answer files in their real layouts."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
from PIL import Image

from lvlm_compress.benchmarks.types import Score, ScoreInputs


def write_json(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def write_jsonl(path: Path, records: Iterable[Mapping[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def answer(question_id: str | int, text: str, prompt: str = "") -> dict[str, Any]:
    """One line as LLaVA's scripts write it."""
    return {
        "question_id": question_id,
        "prompt": prompt,
        "text": text,
        "answer_id": "x1",
        "model_id": "m",
        "metadata": {},
    }


def scored(
    scorer: ModuleType,
    data: Path,
    answers: Iterable[Mapping[str, Any]],
    inputs: ScoreInputs | None = None,
) -> Score:
    """Score of a foreign answer file."""
    file = write_jsonl(data.parent / f"{data.name}-answers.jsonl", answers)
    result: Score = scorer.score(scorer.read_answers(file, data), data, inputs or ScoreInputs())
    return result


def png(size: tuple[int, int] = (4, 3), mode: str = "RGB") -> bytes:
    stream = io.BytesIO()
    Image.new(mode, size).save(stream, "PNG")
    return stream.getvalue()


def write_mirror(path: Path, columns: Mapping[str, Any]) -> Path:
    """A parquet file with an `image` struct column (`bytes`, `path`), as hub data sets have."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = len(next(iter(columns.values())))
    images = [{"bytes": png(), "path": f"{i}.png"} for i in range(rows)]
    pl.DataFrame({"image": images, **columns}).write_parquet(path)
    return path


def cell(answers: Mapping[str, str]) -> pl.DataFrame:
    """Answers as a workflow cell hands them to a scorer."""
    return pl.DataFrame({"id": list(answers), "text": list(answers.values())})
