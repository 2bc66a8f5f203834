"""The exact reparameterisation that turns tiny-llava-plain into tiny-llava.

Small models lack the outliers that make KV quantization hard. Three changes put them in without
changing the function (spec/embedded-model.md sections 3 and 4); all factors are powers of two, so
they are exact in fp32 and, away from subnormals, in fp16:

* K channels: two low-frequency RoPE pairs a head, key rows x s, query rows / s;
* the register: keys and values several times the ordinary channels' largest, behind its gate;
* activations: some hidden channels of the norms x s, the columns that read them / s.

The magnitudes are chosen by us to show what the schemes do. They are no evidence for any claim.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from transformers import LlavaForConditionalGeneration

from lvlm_compress.embedded.model import HEAD_DIM, HEADS, WIDTH
from lvlm_compress.embedded.register import Register, gate_query, install


@dataclass(frozen=True)
class Outliers:
    """Magnitudes of the reparameterisation; see the module."""

    key_scale: float = 8.0
    key_pairs: tuple[int, ...] = (13, 14)
    register_key: float = 3.0
    register_value: float = 6.0
    gate_score: float = 48.0
    gate_query: float = 1.0
    channels: int = 16
    channel_scale: float = 16.0


@dataclass(frozen=True)
class Extent:
    """What ordinary tokens look like.

    ``key``, ``value``: largest magnitudes per channel, [layers, heads * head_dim]; ``queries``: a
    sample after RoPE, [layers, tokens, heads, head_dim].
    """

    key: torch.Tensor
    value: torch.Tensor
    queries: torch.Tensor


def key_rows(pairs: tuple[int, ...]) -> list[int]:
    """Rows of the scaled RoPE pairs in every head."""
    dims = [dim for pair in pairs for dim in (pair, pair + HEAD_DIM // 2)]
    return [head * HEAD_DIM + dim for head in range(HEADS) for dim in dims]


def salient_channels(count: int) -> list[int]:
    """Evenly spread hidden channels, the register's not among them."""
    return [i * (WIDTH - 1) // count for i in range(count)]


@torch.no_grad()
def scale_keys(model: LlavaForConditionalGeneration, outliers: Outliers) -> None:
    """Keys of some channels larger, the queries they meet smaller."""
    rows = key_rows(outliers.key_pairs)
    for layer in model.model.language_model.layers:
        for part in ("weight", "bias"):
            getattr(layer.self_attn.k_proj, part)[rows] *= outliers.key_scale
            getattr(layer.self_attn.q_proj, part)[rows] /= outliers.key_scale


@torch.no_grad()
def scale_channels(model: LlavaForConditionalGeneration, outliers: Outliers) -> None:
    """Some activation channels larger behind the norms, the weights that read them smaller."""
    columns = salient_channels(outliers.channels)
    for layer in model.model.language_model.layers:
        attention, mlp = layer.self_attn, layer.mlp
        readers = (
            (layer.input_layernorm, (attention.q_proj, attention.k_proj, attention.v_proj)),
            (layer.post_attention_layernorm, (mlp.gate_proj, mlp.up_proj)),
        )
        for norm, linears in readers:
            norm.weight[columns] *= outliers.channel_scale
            for linear in linears:
                linear.weight[:, columns] /= outliers.channel_scale


def plain_registers(extent: Extent, score: float = 32.0) -> list[Register]:
    """Inert registers: no value, no key but the gate, which is as large as ordinary keys."""
    zero = torch.zeros(WIDTH)
    sizes = [float(2 ** torch.log2(key.max()).round()) for key in extent.key]
    return [Register(zero, zero, size, gate_query(score, size)) for size in sizes]


def outlier_registers(extent: Extent, outliers: Outliers) -> list[Register]:
    """Registers whose keys and values exceed every ordinary channel's."""
    signs = torch.ones(WIDTH)
    signs[1::2] = -1
    registers = []
    for key, value, queries in zip(extent.key, extent.value, extent.queries, strict=True):
        mean = queries.mean(0).reshape(-1)
        loud = -outliers.register_key * key * torch.where(mean < 0, -1.0, 1.0)
        score = (queries * loud.reshape(HEADS, HEAD_DIM)).sum(-1).max() / math.sqrt(HEAD_DIM)
        size = gate_query(outliers.gate_score + max(0.0, float(score)), outliers.gate_query)
        registers.append(
            Register(loud, outliers.register_value * signs * value, size, outliers.gate_query)
        )
    return registers


def add_outliers(
    model: LlavaForConditionalGeneration, token: int, extent: Extent, outliers: Outliers
) -> None:
    """Turn a plain model into its outlier twin, in place, in fp32."""
    install(model, token, outlier_registers(extent, outliers))
    scale_keys(model, outliers)
    scale_channels(model, outliers)
