"""A small POPE in the real layout: two pictures, three split files."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.layouts import write_jsonl

QUESTIONS = [
    ("a.jpg", "Is there a dog in the image?", "yes"),
    ("a.jpg", "Is there a car in the image?", "no"),
    ("b.jpg", "Is there a cat in the image?", "yes"),
    ("b.jpg", "Is there a bus in the image?", "no"),
]
SUFFIX = "\nAnswer the question using a single word or phrase."


def records() -> list[dict[str, object]]:
    return [
        {"question_id": i, "image": image, "text": text, "label": label}
        for i, (image, text, label) in enumerate(QUESTIONS, start=1)
    ]


def write_split(data: Path, subset: str = "random", folder: str = "coco") -> Path:
    write_jsonl(data / folder / f"coco_pope_{subset}.json", records())
    return data


def write_all(data: Path) -> Path:
    for subset in ("random", "popular", "adversarial"):
        write_split(data, subset)
    return data
