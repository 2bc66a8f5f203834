"""How large ordinary keys and values are, on calibration pictures of their own stream."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from transformers import DynamicCache, LlavaForConditionalGeneration, PreTrainedTokenizerFast

from lvlm_compress.embedded.draws import Draws
from lvlm_compress.embedded.mixture import PHASES, draw_lesson
from lvlm_compress.embedded.model import HEAD_DIM, HEADS, PATCHES
from lvlm_compress.embedded.outliers import Extent
from lvlm_compress.embedded.packing import system_ids
from lvlm_compress.embedded.pictures import pixel_values
from lvlm_compress.embedded.tokens import ANSWER, IMAGE

STREAM = "calibration"


@torch.no_grad()
def extent(
    model: LlavaForConditionalGeneration, tokenizer: PreTrainedTokenizerFast, prompts: int = 24
) -> Extent:
    """Magnitudes of ordinary keys and values, and a sample of queries; register left out."""
    image = tokenizer.convert_tokens_to_ids(IMAGE)
    decoder = model.model.language_model
    keys, values, queries = [], [], []
    for number in range(prompts):
        scene, qas = draw_lesson(Draws(STREAM, number), PHASES[-1], 4)
        qa = next((qa for qa in qas if qa.picture), qas[0])
        asked = tokenizer.encode(f"\n{qa.prompt}{ANSWER}", add_special_tokens=False)
        ids = torch.tensor([[*system_ids(tokenizer), *[image] * PATCHES, *asked]])
        cache = DynamicCache(config=model.config.get_text_config())
        places = torch.arange(1, ids.shape[1] + 1)[None]
        with _queries(decoder) as seen:
            model(
                input_ids=ids,
                pixel_values=pixel_values([scene]),
                position_ids=places,
                past_key_values=cache,
            )
        cos, sin = decoder.rotary_emb(seen[0], places)
        queries.append(torch.stack([_rotated(q[0], cos[0], sin[0]) for q in seen]))
        keys.append([_largest(layer.keys) for layer in cache.layers])
        values.append([_largest(layer.values) for layer in cache.layers])
    return Extent(_most(keys), _most(values), torch.cat(queries, dim=1))


@contextmanager
def _queries(decoder: Any) -> Iterator[list[torch.Tensor]]:
    """The outputs of every layer's query projection while the context lasts."""
    seen: list[torch.Tensor] = []
    hooks = [
        layer.self_attn.q_proj.register_forward_hook(lambda _m, _i, out: seen.append(out))
        for layer in decoder.layers
    ]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def _rotated(q: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Queries after RoPE: [tokens, heads, dim] from [tokens, heads * dim]."""
    heads = q.reshape(-1, HEADS, HEAD_DIM)
    first, second = heads.chunk(2, dim=-1)
    turned = torch.cat([-second, first], dim=-1)
    return heads * cos[:, None] + turned * sin[:, None]


def _largest(states: torch.Tensor) -> torch.Tensor:
    """[1, heads, tokens, dim] -> [heads * dim]."""
    return states.abs().amax(dim=(0, 2)).reshape(-1)


def _most(rows: list[list[torch.Tensor]]) -> torch.Tensor:
    """[prompts][layers] of [channels] -> [layers, channels]."""
    return torch.stack([torch.stack(row) for row in rows]).amax(0)
