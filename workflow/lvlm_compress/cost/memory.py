"""Bytes on the device that hold a model, its KV cache and, roughly, its activations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lvlm_compress.cost.geometry import Geometry

if TYPE_CHECKING:
    from lvlm_compress.kv.scheme import KVScheme
    from lvlm_compress.weights.scheme import WeightScheme

BITS = {"float16": 16, "bfloat16": 16, "float32": 32, "float64": 64}
# fp16 scale and an integer zero point for each group of inputs (spec/compression.md section 10).
SCALE_BITS = 16
# Values that live at once in a prefill: residual, norm, q, k, v, attention and its output (7 of the
# hidden size), gate, up and their product (3 of the MLP's). Rough: it leaves out fragmentation.
HIDDEN_COPIES, MLP_COPIES = 7, 3


class Stored(Protocol):
    """How weights and cache are held: a grid's `Compression`, or anything alike."""

    @property
    def kv_scheme(self) -> KVScheme:
        """How K and V are held."""

    @property
    def weight_scheme(self) -> WeightScheme | None:
        """How the decoder's linears are rounded; None for not at all."""

    @property
    def weight_storage(self) -> str:
        """Values or codes: `dense` or `packed`."""


@dataclass(frozen=True)
class Memory:
    """Bytes."""

    weights: float
    kv: float
    activations: float

    @property
    def total(self) -> float:
        """Their sum."""
        return self.weights + self.kv + self.activations


def memory(sizes: Geometry, compression: Stored, dtype: str, tokens: int) -> Memory:
    """What one sample of `tokens` (prompt and answer) needs."""
    bits = BITS[dtype]
    values = tokens * (HIDDEN_COPIES * sizes.hidden + MLP_COPIES * sizes.mlp) + sizes.vocabulary
    return Memory(
        weights=weight_bytes(sizes, compression, bits),
        kv=kv_bytes(sizes, compression, bits, tokens),
        activations=values * bits / 8,
    )


def weight_bytes(sizes: Geometry, compression: Stored, dtype_bits: int) -> float:
    """All weights in the model's dtype; with `weight_storage: packed` the decoder's as codes.

    A packed layer dequantizes one matrix at a time, which is counted too.
    """
    scheme = compression.weight_scheme
    if scheme is None or compression.weight_storage != "packed":
        return sizes.parameters * dtype_bits / 8
    packed = scheme.bits + (SCALE_BITS + scheme.bits) / scheme.group
    others = sizes.parameters - sizes.linears
    return (
        others * dtype_bits + sizes.linears * packed + sizes.hidden * sizes.mlp * dtype_bits
    ) / 8


def kv_bytes(sizes: Geometry, compression: Stored, dtype_bits: int, tokens: int) -> float:
    """The cache of one sample: reconstructed values, or codes with `storage: packed`.

    K and V of the layer at work are there reconstructed as well.
    """
    dense = 2 * sizes.kv_width * tokens * dtype_bits / 8
    scheme = compression.kv_scheme
    if scheme.layer_kind != "packed":
        return sizes.layers * dense
    bits = scheme.storage_bits(
        tokens, 1, sizes.kv_width, param_bits=scheme.param_bits, dtype_bits=dtype_bits
    )
    return sizes.layers * bits / 8 + dense
