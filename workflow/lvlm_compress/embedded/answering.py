"""Plain greedy answers of a checkpoint to a benchmark's examples, under any KV scheme.

Small and independent of the pipeline's own engine: for choosing magnitudes and for the record that
is shipped beside the checkpoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image
from transformers import LlavaForConditionalGeneration

from lvlm_compress.benchmarks.types import Example
from lvlm_compress.embedded.tokens import prompt
from lvlm_compress.kv import KVScheme
from lvlm_compress.kv.cache import KVCache

BATCH = 16


def _inputs(processor: Any, example: Example) -> dict[str, torch.Tensor]:
    picture = None if example.image is None else Image.open(example.image.path).convert("RGB")
    text = prompt(example.prompt, example.image is not None)
    if picture is None:
        return dict(processor(text=text, return_tensors="pt"))
    return dict(processor(images=picture, text=text, return_tensors="pt"))


def _joined(rows: Sequence[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    return {name: torch.cat([row[name] for row in rows]) for name in rows[0]}


@torch.no_grad()
def _greedy(
    model: LlavaForConditionalGeneration,
    inputs: dict[str, torch.Tensor],
    scheme: KVScheme,
    most: int,
) -> torch.Tensor:
    """New tokens of a batch of equally long prompts: [batch, up to most]."""
    config = model.config.get_text_config()
    cache = KVCache(scheme, config.num_hidden_layers)
    logits = model(**inputs, past_key_values=cache, logits_to_keep=1).logits[:, -1]
    cache.decode()
    said = [logits.argmax(-1)]
    done = said[0] == config.eos_token_id
    while len(said) < most and not done.all():
        logits = model(input_ids=said[-1][:, None], past_key_values=cache).logits[:, -1]
        said.append(logits.argmax(-1))
        done |= said[-1] == config.eos_token_id
    return torch.stack(said, dim=1)


def answers(
    model: LlavaForConditionalGeneration,
    processor: Any,
    examples: Sequence[Example],
    scheme: KVScheme,
    most: int,
) -> list[str]:
    """Greedy answers in the order of the examples, up to the end token."""
    rows = [_inputs(processor, example) for example in examples]
    groups: dict[tuple[int, bool], list[int]] = {}
    for number, row in enumerate(rows):
        groups.setdefault((row["input_ids"].shape[1], "pixel_values" in row), []).append(number)
    texts = [""] * len(rows)
    tokenizer = processor.tokenizer
    for numbers in groups.values():
        for start in range(0, len(numbers), BATCH):
            part = numbers[start : start + BATCH]
            said = _greedy(model, _joined([rows[i] for i in part]), scheme, most)
            for number, ids in zip(part, said.tolist(), strict=True):
                end = ids.index(tokenizer.eos_token_id) if tokenizer.eos_token_id in ids else None
                texts[number] = tokenizer.decode(ids[:end], skip_special_tokens=True).strip()
    return texts
