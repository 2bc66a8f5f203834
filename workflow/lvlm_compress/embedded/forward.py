"""The decoder's forward pass over (system, picture, questions) with shared prefixes.

Uses the weights of the transformers model; ``tests/embedded`` compares it with the model itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional
from transformers import LlavaForConditionalGeneration

from lvlm_compress.embedded.model import HEAD_DIM, HEADS, PATCHES, WIDTH
from lvlm_compress.embedded.packing import Batch


@dataclass(frozen=True)
class Segments:
    """Sizes of the flat token list: ``system`` once, then pictures x (256 | questions)."""

    system: int
    pictures: int
    questions: int

    def split(self, flat: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """[tokens, ...] -> per segment [batch, length, ...]."""
        sizes = [self.system, self.pictures * PATCHES, self.pictures * self.questions]
        system, image, questions = torch.split(flat, sizes)
        rest = flat.shape[1:]
        return (
            system[None],
            image.reshape(self.pictures, PATCHES, *rest),
            questions.reshape(self.pictures, self.questions, *rest),
        )


def _rope(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    first, second = x.chunk(2, dim=-1)
    return x * cos[:, None] + torch.cat([-second, first], dim=-1) * sin[:, None]


def _heads(flat: torch.Tensor) -> torch.Tensor:
    return flat.reshape(-1, HEADS, HEAD_DIM)


def _attend(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    segments: Segments,
    mask: torch.Tensor,
    seen: torch.Tensor,
) -> torch.Tensor:
    """Attention of every segment to the ones before and itself: flat [tokens, width]."""
    qs, ks, vs = (segments.split(x) for x in (q, k, v))
    q_system, k_system, v_system = (x[0].transpose(1, 2) for x in (qs, ks, vs))
    system = functional.scaled_dot_product_attention(q_system, k_system, v_system, is_causal=True)
    count = segments.pictures

    def prefix(parts: tuple[torch.Tensor, ...], upto: int) -> torch.Tensor:
        shared = parts[0].expand(count, *parts[0].shape[1:])
        return torch.cat([shared, *parts[1:upto]], dim=1).transpose(1, 2)

    image = functional.scaled_dot_product_attention(
        qs[1].transpose(1, 2), prefix(ks, 2), prefix(vs, 2), attn_mask=seen
    )
    asked = functional.scaled_dot_product_attention(
        qs[2].transpose(1, 2), prefix(ks, 3), prefix(vs, 3), attn_mask=mask
    )
    return torch.cat([x.transpose(1, 2).reshape(-1, WIDTH) for x in (system, image, asked)])


def run(
    model: LlavaForConditionalGeneration, system: torch.Tensor, image: torch.Tensor, batch: Batch
) -> list[torch.Tensor]:
    """Hidden states of the questions after the embedding and each layer: [pictures, T, width] each.

    ``system``: token ids [S]; ``image``: projected tokens [pictures, 256, width].
    """
    decoder = model.model.language_model
    segments = Segments(len(system), image.shape[0], batch.ids.shape[1])
    embed = decoder.embed_tokens
    x = torch.cat(
        [embed(system), image.reshape(-1, WIDTH).float(), embed(batch.ids).reshape(-1, WIDTH)]
    )
    start = 1 + len(system)
    image_positions = torch.arange(start, start + PATCHES).repeat(segments.pictures)
    positions = torch.cat([torch.arange(1, start), image_positions, batch.positions.reshape(-1)])
    cos, sin = (part[0] for part in decoder.rotary_emb(x[None], positions[None]))
    seen = torch.ones(PATCHES, len(system) + PATCHES, dtype=torch.bool).tril(len(system))
    states = [segments.split(x)[2]]
    for layer in decoder.layers:
        x = x + _attention(layer, x, cos, sin, segments, batch.mask, seen)
        x = x + layer.mlp(layer.post_attention_layernorm(x))
        states.append(segments.split(x)[2])
    return states


def _attention(
    layer: Any,
    x: torch.Tensor,
    cos: torch.Tensor,
    sin: torch.Tensor,
    segments: Segments,
    mask: torch.Tensor,
    seen: torch.Tensor,
) -> torch.Tensor:
    attention = layer.self_attn
    normed = layer.input_layernorm(x)
    q, k, v = (_heads(p(normed)) for p in (attention.q_proj, attention.k_proj, attention.v_proj))
    q, k = (_rope(part, cos, sin).to(v.dtype) for part in (q, k))
    out: torch.Tensor = attention.o_proj(_attend(q, k, v, segments, mask, seen))
    return out
