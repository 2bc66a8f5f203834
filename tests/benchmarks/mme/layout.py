"""A small MME in the release's layout: flat and nested tasks, two questions a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lvlm_compress.benchmarks.mme.data import TASKS
from tests.benchmarks.layouts import answer, png

NESTED = {"artwork", "celebrity", "landmark", "posters", "scene"}
SUFFIX = "\nAnswer the question using a single word or phrase."
TAIL = "Please answer yes or no."


def texts(stem: str) -> list[tuple[str, str]]:
    """Question and gold of a picture; the second has two blanks before its tail (section 6)."""
    return [(f"Is there a {stem} here? {TAIL}", "Yes"), (f"Is it {stem}?  {TAIL}", "No")]


def write(data: Path, tasks: list[str] = TASKS, stems: tuple[str, ...] = ("s1", "s2")) -> Path:
    for task in tasks:
        folder = data / "MME_Benchmark_release_version" / task
        questions = folder / "questions_answers_YN" if task in NESTED else folder
        images = folder / "images" if task in NESTED else folder
        for stem in stems:
            questions.mkdir(parents=True, exist_ok=True)
            images.mkdir(parents=True, exist_ok=True)
            lines = "\n".join(f"{q}\t{a}" for q, a in texts(stem))
            (questions / f"{stem}.txt").write_text(lines)
            (images / f"{stem}.png").write_bytes(png())
    return data


def kit_id(task: str, stem: str) -> str:
    return f"{task}/images/{stem}.png" if task in NESTED else f"{task}/{stem}.png"


def replies(task: str, *said: str, stems: tuple[str, ...] = ("s1", "s2")) -> list[dict[str, Any]]:
    """Answer lines of one task, two a picture, prompts as the kit has them."""
    asked = [(stem, q) for stem in stems for q, _ in texts(stem)]
    return [
        answer(kit_id(task, stem), text, q.replace(TAIL, "").strip() + SUFFIX)
        for (stem, q), text in zip(asked, said, strict=True)
    ]


def all_replies(*said: str) -> list[dict[str, Any]]:
    return [line for task in TASKS for line in replies(task, *said)]
