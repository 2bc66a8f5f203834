"""MM-Vet: open answers with alternatives and conjunctions (benchmarks.md section 3)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lvlm_compress.embedded.picking import Maker, ask, scenes
from lvlm_compress.embedded.questions import attributes, counting, describe, reading
from lvlm_compress.embedded.writing import write_json, write_jsonl, write_picture

# (maker, capabilities): MM-Vet's own names.
_TYPES: tuple[tuple[Maker, tuple[str, ...]], ...] = (
    (describe.describe, ("rec", "gen")),
    (reading.read, ("ocr",)),
    (attributes.color, ("rec",)),
    (attributes.place, ("rec", "spat")),
    (counting.count, ("rec", "math")),
    (attributes.kind, ("rec", "know")),
)


def build(out: Path, items: int, seed: int) -> None:
    """One question a picture, the types in turn; a list is a conjunction of its parts."""
    questions: dict[str, dict[str, Any]] = {}
    source = scenes("mmvet", seed, 2, 4)
    while len(questions) < items:
        scene, draws = next(source)
        maker, capabilities = _TYPES[len(questions) % len(_TYPES)]
        qa = ask([maker], scene, draws)
        if qa is None:
            continue
        name = f"v1_{len(questions)}"
        write_picture(out / "images" / f"{name}.png", scene)
        questions[name] = {
            "imagename": f"{name}.png",
            "question": qa.question,
            "answer": qa.answer.replace(", ", "<AND>"),
            "capability": list(capabilities),
            "imagesource": "embedded",
        }
    write_json(out / "mm-vet.json", questions)
    write_json(out / "bard_set.json", list(questions)[: items // 2])
    kit = [
        {"image": q["imagename"], "text": q["question"], "category": "conv", "question_id": i}
        for i, q in enumerate(questions.values())
    ]
    write_jsonl(out / "llava-mm-vet.jsonl", kit)
