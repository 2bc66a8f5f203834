"""GQA: open and yes/no questions about attributes and relations (benchmarks.md section 5)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lvlm_compress.embedded.picking import Maker, ask, scenes
from lvlm_compress.embedded.qa import QA, SHORT
from lvlm_compress.embedded.questions import attributes, yesno
from lvlm_compress.embedded.writing import write_json, write_jsonl, write_picture

# (maker, structural type, semantic type): GQA's own classes.
_TYPES: tuple[tuple[Maker, str, str], ...] = (
    (attributes.color, "query", "attr"),
    (attributes.kind, "query", "obj"),
    (yesno.is_side, "verify", "rel"),
    (attributes.side, "choose", "rel"),
    (yesno.is_color, "verify", "attr"),
    (attributes.color, "query", "attr"),
)


def _record(qa: QA, image: str, structural: str, semantic: str) -> dict[str, Any]:
    answer = qa.answer.lower()
    return {
        "question": qa.question,
        "imageId": image,
        "answer": answer,
        "fullAnswer": f"{qa.answer}.",
        "isBalanced": True,
        "groups": {"global": qa.kind, "local": f"{qa.kind}-{answer}"},
        "entailed": [],
        "equivalent": [],
        "types": {"structural": structural, "semantic": semantic, "detailed": qa.kind},
        "annotations": {"question": {}, "answer": {}, "fullAnswer": {}},
        "semantic": [],
        "semanticStr": qa.kind,
    }


def build(out: Path, items: int, seed: int) -> None:
    """One question a picture, the types in turn."""
    questions: dict[str, dict[str, Any]] = {}
    source = scenes("gqa", seed)
    while len(questions) < items:
        scene, draws = next(source)
        maker, structural, semantic = _TYPES[len(questions) % len(_TYPES)]
        qa = ask(
            [maker], scene, draws, draws.pick(("Yes", "No")) if structural == "verify" else None
        )
        if qa is None:
            continue
        image = f"n{len(questions) + 1}"
        write_picture(out / "data" / "images" / f"{image}.jpg", scene)
        questions[f"20{len(questions):07d}"] = _record(qa, image, structural, semantic)
    write_json(out / "data" / "testdev_balanced_questions.json", questions)
    kit = [
        {"question_id": name, "image": f"{q['imageId']}.jpg", "text": q["question"] + SHORT}
        | {"category": "default"}
        for name, q in questions.items()
    ]
    write_jsonl(out / "llava_gqa_testdev_balanced.jsonl", kit)
