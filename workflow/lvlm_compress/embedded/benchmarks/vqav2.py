"""VQAv2: the val split, which has public annotations (benchmarks.md section 8)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lvlm_compress.embedded.picking import Maker, ask, scenes
from lvlm_compress.embedded.qa import QA
from lvlm_compress.embedded.questions import attributes, counting, yesno
from lvlm_compress.embedded.writing import write_json, write_picture

# (maker, answer_type, question_type): VQA's own classes.
_TYPES: tuple[tuple[Maker, str, str], ...] = (
    (yesno.presence_kind, "yes/no", "is there a"),
    (counting.count, "number", "how many"),
    (attributes.color, "other", "what color is the"),
    (yesno.is_color, "yes/no", "is the"),
    (attributes.place, "other", "where is the"),
    (attributes.kind, "other", "what is the"),
)
_NUMERALS = ("zero", "one", "two", "three", "four", "five")


def _annotation(qa: QA, question: int, image: int, answer_type: str, kind: str) -> dict[str, Any]:
    answer = qa.answer.lower()
    if answer_type == "number":
        answer = str(_NUMERALS.index(answer))
    answers = [
        {"answer": answer, "answer_confidence": "yes", "answer_id": i + 1} for i in range(10)
    ]
    return {
        "question_type": kind,
        "multiple_choice_answer": answer,
        "answers": answers,
        "image_id": image,
        "answer_type": answer_type,
        "question_id": question,
    }


def build(out: Path, items: int, seed: int) -> None:
    """One question a picture, the types in turn; numbers in digits, as annotators write them."""
    questions: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    source = scenes("vqav2", seed)
    while len(questions) < items:
        scene, draws = next(source)
        maker, answer_type, kind = _TYPES[len(questions) % len(_TYPES)]
        wanted = draws.pick(("Yes", "No")) if answer_type == "yes/no" else None
        qa = ask([maker], scene, draws, wanted)
        if qa is None:
            continue
        image = len(questions) + 1
        write_picture(out / "val2014" / f"COCO_val2014_{image:012d}.jpg", scene)
        number = 1000 * image
        questions.append({"image_id": image, "question": qa.question, "question_id": number})
        annotations.append(_annotation(qa, number, image, answer_type, kind))
    head = {"info": {"description": "embedded"}, "data_type": "mscoco", "data_subtype": "val2014"}
    head |= {"license": {"name": "", "url": ""}}
    write_json(
        out / "v2_OpenEnded_mscoco_val2014_questions.json",
        head | {"task_type": "Open-Ended", "questions": questions},
    )
    write_json(out / "v2_mscoco_val2014_annotations.json", head | {"annotations": annotations})
