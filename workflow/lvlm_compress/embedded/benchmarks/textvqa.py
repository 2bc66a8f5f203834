"""TextVQA: what a sign says, with the OCR line of the kit's prompts (benchmarks.md section 4)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lvlm_compress.embedded.draws import Draws
from lvlm_compress.embedded.picking import ask, scenes
from lvlm_compress.embedded.qa import SHORT
from lvlm_compress.embedded.questions import reading
from lvlm_compress.embedded.scene import Scene
from lvlm_compress.embedded.words import SIGNS
from lvlm_compress.embedded.writing import write_json, write_jsonl, write_picture

ANNOTATORS = 10


def _tokens(scene: Scene, draws: Draws) -> list[str]:
    """The signs and words that are not there, three at least: the list alone tells little."""
    words = [thing.kind for thing in scene.things if thing.is_sign]
    absent = [word for word in SIGNS if word not in words]
    return draws.shuffled([*words, *draws.sample(absent, max(0, 3 - len(words)))])


def build(out: Path, items: int, seed: int) -> None:
    """One question a picture; ten agreeing annotators."""
    data: list[dict[str, Any]] = []
    kit: list[dict[str, Any]] = []
    source = scenes("textvqa", seed)
    while len(data) < items:
        scene, draws = next(source)
        qa = ask([reading.read], scene, draws)
        if qa is None:
            continue
        image = f"{len(data) + 1:016x}"
        tokens = ", ".join(_tokens(scene, draws))
        write_picture(out / "train_images" / f"{image}.jpg", scene)
        data.append(_item(len(data), image, qa.question.lower(), qa.answer))
        text = f"{qa.question}\nReference OCR token: {tokens}{SHORT}"
        kit.append(
            {"question_id": image, "image": f"{image}.jpg", "text": text, "category": "default"}
        )
    head = {"dataset_type": "val", "dataset_name": "textvqa", "dataset_version": "0.5.1"}
    write_json(out / "TextVQA_0.5.1_val.json", head | {"data": data})
    write_jsonl(out / "llava_textvqa_val_v051_ocr.jsonl", kit)


def _item(number: int, image: str, question: str, answer: str) -> dict[str, Any]:
    return {
        "question": question,
        "image_id": image,
        "image_classes": ["Sign"],
        "flickr_original_url": "",
        "flickr_300k_url": "",
        "image_width": 128,
        "image_height": 128,
        "answers": [answer] * ANNOTATORS,
        "question_tokens": question.rstrip("?").split(),
        "question_id": 34602 + number,
        "set_name": "val",
    }
