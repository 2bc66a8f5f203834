"""The usual loop: pictures and prompts through the processor and `generate`, `batch` at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

from peers.variant import Question, Run, Variant


def load(checkpoint: Path) -> tuple[Any, Any]:
    model = AutoModelForImageTextToText.from_pretrained(checkpoint, dtype=torch.float32)
    return AutoProcessor.from_pretrained(checkpoint, backend="pil"), model.eval()


def variants(checkpoint: Path, batches: Sequence[int]) -> dict[str, Variant]:
    processor, model = load(checkpoint)
    return {
        f"transformers batch {batch}": Variant(loop(processor, model, batch), model)
        for batch in batches
    }


def quantized(checkpoint: Path, backend: str, bits: int = 2) -> dict[str, Variant]:
    """transformers' QuantizedCache at its defaults but for the bits, which are those of ours."""
    processor, model = load(checkpoint)
    cache = {"backend": backend, "nbits": bits}
    run = loop(processor, model, 1, cache_implementation="quantized", cache_config=cache)
    return {f"transformers QuantizedCache {backend}": Variant(run, model)}


def loop(processor: Any, model: Any, batch: int, **options: Any) -> Run:
    @torch.inference_mode()
    def run(questions: list[Question], new: int) -> list[str]:
        texts: list[str] = []
        for start in range(0, len(questions), batch):
            inputs = batch_inputs(processor, questions[start : start + batch])
            out = model.generate(**inputs, do_sample=False, max_new_tokens=new, **options)
            answers = out[:, inputs["input_ids"].shape[1] :]
            texts += processor.tokenizer.batch_decode(answers, skip_special_tokens=True)
        return texts

    return run


def batch_inputs(processor: Any, questions: list[Question]) -> Any:
    paths = [question.image for question in questions if question.image is not None]
    pictures = [Image.open(path).convert("RGB") for path in paths] or None
    prompts = [prompt(processor, question) for question in questions]
    return processor(images=pictures, text=prompts, padding=True, return_tensors="pt")


def prompt(processor: Any, question: Question) -> str:
    image = [{"type": "image"}] if question.image is not None else []
    turn = {"role": "user", "content": [*image, {"type": "text", "text": question.prompt}]}
    text: str = processor.tokenizer.apply_chat_template([turn], tokenize=False)
    return text
