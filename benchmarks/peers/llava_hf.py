"""lmms-eval's own model class, asked as its evaluator asks it; it takes one question at a time."""

from __future__ import annotations

from pathlib import Path

from lmms_eval.api.instance import Instance
from lmms_eval.models.simple.llava_hf import LlavaHf
from PIL import Image

from peers.variant import Question, Variant

TASK, SPLIT = "benchmark", "test"


def variants(checkpoint: Path) -> dict[str, Variant]:
    model = LlavaHf(str(checkpoint), device="cpu", device_map="cpu", dtype="float32")

    def run(questions: list[Question], new: int) -> list[str]:
        model.task_dict = {TASK: {SPLIT: questions}}
        requests = [request(i, question, new) for i, question in enumerate(questions)]
        texts: list[str] = model.generate_until(requests)
        return texts

    return {"lmms-eval llava_hf": Variant(run, model.model)}


def request(number: int, question: Question, new: int) -> Instance:
    arguments = (question.prompt, {"max_new_tokens": new}, pictures, number, TASK, SPLIT)
    metadata = {"task": TASK, "doc_id": number, "repeats": 1}
    return Instance("generate_until", arguments, 0, metadata)


def pictures(question: Question) -> list[Image.Image]:
    return [Image.open(question.image).convert("RGB")] if question.image else []
