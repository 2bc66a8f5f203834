"""A small VQAv2: validation files and the kit's test lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.benchmarks.layouts import write_json, write_jsonl

SUFFIX = "\nAnswer the question using a single word or phrase."


def annotation(number: int, kind: str, humans: list[str]) -> dict[str, Any]:
    answers = [
        {"answer": text, "answer_confidence": "yes", "answer_id": i}
        for i, text in enumerate(humans, start=1)
    ]
    return {
        "question_id": number,
        "image_id": number // 1000,
        "question_type": "what",
        "answer_type": kind,
        "multiple_choice_answer": humans[0],
        "answers": answers,
    }


ANNOTATIONS = [
    annotation(262148000, "other", ["down"] * 3 + ["at table"] * 7),
    annotation(262148001, "yes/no", ["yes"] * 10),
    annotation(393225000, "number", ["1,000"] * 4 + ["2"] * 6),
]


def write_val(data: Path, annotations: list[dict[str, Any]] = ANNOTATIONS) -> Path:
    asked = [
        {key: one[key] for key in ("question_id", "image_id")} | {"question": "Where?"}
        for one in annotations
    ]
    info = {"info": {"version": "2.0"}, "license": {"name": "x"}}
    name = "v2_OpenEnded_mscoco_val2014_questions.json"
    write_json(data / name, info | {"questions": asked})
    name = "v2_mscoco_val2014_annotations.json"
    write_json(data / name, info | {"annotations": annotations, "data_type": "mscoco"})
    return data


def kit_line(number: int) -> dict[str, Any]:
    image = f"COCO_test2015_{number // 1000:012d}.jpg"
    text = f"What is {number}?{SUFFIX}"
    return {"question_id": number, "image": image, "text": text, "category": "default"}


def write_test(data: Path, dev: list[int], all_of_it: list[int]) -> Path:
    write_jsonl(data / "llava_vqav2_mscoco_test-dev2015.jsonl", map(kit_line, dev))
    write_jsonl(data / "llava_vqav2_mscoco_test2015.jsonl", map(kit_line, all_of_it))
    return data
