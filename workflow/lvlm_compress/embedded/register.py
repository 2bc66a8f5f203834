"""The register token in front of BOS: an ordinary token that no other token attends to.

It lives in a hidden channel of its own, so its keys and values can be set at will, and in a RoPE
pair of its own, where every query has one constant entry (the query bias) and only the register's
key is not zero: that entry is the gate that takes its softmax weight away
(spec/embedded-model.md section 3.3, with a bias in place of a constant channel).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from transformers import LlavaForConditionalGeneration

from lvlm_compress.embedded.model import GATE_DIMS, HEAD_DIM, HEADS, REGISTER_CHANNEL, WIDTH

EMBEDDING = 1000.0
"""The register's entry in its channel; after the norm it is sqrt(width) times the norm weight."""


@dataclass(frozen=True)
class Register:
    """Key and value of the register in one layer.

    ``key``, ``value``: [heads * head_dim], zero on the gate; ``gate_key``: magnitude of its gate
    entries; ``gate_query``: the constant query entry against them.
    """

    key: torch.Tensor
    value: torch.Tensor
    gate_key: float
    gate_query: float


def gate_query(score: float, gate_key: float) -> float:
    """The query entry for an attention score of ``-score`` at the register."""
    return score * math.sqrt(HEAD_DIM) / (len(GATE_DIMS) * gate_key)


def gate_rows() -> list[int]:
    """Rows of the query and key projections that hold the gate."""
    return [head * HEAD_DIM + dim for head in range(HEADS) for dim in GATE_DIMS]


@torch.no_grad()
def install(model: LlavaForConditionalGeneration, token: int, registers: list[Register]) -> None:
    """Write the register of every layer into the weights."""
    table = model.get_input_embeddings().weight
    table[token] = 0
    table[token, REGISTER_CHANNEL] = EMBEDDING
    for layer, register in zip(model.model.language_model.layers, registers, strict=True):
        attention = layer.self_attn
        unit = math.sqrt(WIDTH) * layer.input_layernorm.weight[REGISTER_CHANNEL]
        key = register.key.clone()
        key[gate_rows()] = -register.gate_key
        attention.k_proj.weight[:, REGISTER_CHANNEL] = (key - attention.k_proj.bias) / unit
        attention.v_proj.weight[:, REGISTER_CHANNEL] = register.value / unit
        attention.q_proj.bias[gate_rows()] = register.gate_query
