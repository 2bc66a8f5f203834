"""Bytes on the device for one question at a time (engine `reference`), by what holds them.

    weights     of the whole model; with packed weights the decoder's linears as codes
    kv          the cache of prompt and answer; simulated storage holds dequantized values in model
                dtype, so it is as large as without quantization, and twice on a GPU, where
                recorded steps have rooms of their own
    work        the most that lives at once in a prompt's forward pass, a layer at a time
    pictures    features of pictures kept for the next questions about them

Not in it: the GPU library's own context (about half a GiB), gaps between allocations, and what
engine `fast` adds, which is the KV of its batch: up to `generation.memory.GPU_SHARE` of what is
free. The vision tower's own work is over before there is a cache, and smaller.
"""

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
# Bytes of the features that are kept, see `generation.pictures`.
PICTURES_LIMIT = 512 * 2**20
# Bytes of a value while (de)quantizing, and of its code (kv.affine, weights.quantizer).
WIDE, CODE = 4, 1


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
    """Bytes; see the module."""

    weights: float
    kv: float
    work: float
    pictures: float

    @property
    def total(self) -> float:
        """Their sum."""
        return self.weights + self.kv + self.work + self.pictures


def memory(
    sizes: Geometry,
    stored: Stored,
    dtype: str,
    tokens: int,
    image_tokens: int,
    pictures: int = 1,
    *,
    recorded: bool = True,
) -> Memory:
    """What a sample of `tokens` (prompt with its picture's, and answer) needs.

    pictures: how many different ones a run has seen. recorded: whether decoding runs by recorded
    steps, as on one GPU: values then lie in rooms, into which the prompt's cache is copied.
    """
    bits = BITS[dtype]
    features = image_tokens * sizes.hidden * bits / 8
    return Memory(
        weights=weight_bytes(sizes, stored, bits),
        kv=kv_bytes(sizes, stored, bits, tokens) * (2 if recorded and _as_values(stored) else 1),
        work=work_bytes(sizes, stored, bits, tokens),
        pictures=max(features, min(pictures * features, PICTURES_LIMIT)),
    )


def weight_bytes(sizes: Geometry, stored: Stored, dtype_bits: int) -> float:
    """All weights in the model's dtype; with `weight_storage: packed` the decoder's as codes."""
    scheme = stored.weight_scheme
    if scheme is None or stored.weight_storage != "packed":
        return sizes.parameters * dtype_bits / 8
    packed = scheme.bits + (SCALE_BITS + scheme.bits) / scheme.group
    others = sizes.parameters - sizes.linears
    return (others * dtype_bits + sizes.linears * packed) / 8


def _as_values(stored: Stored) -> bool:
    return stored.kv_scheme.layer_kind != "packed"


def kv_bytes(sizes: Geometry, stored: Stored, dtype_bits: int, tokens: int) -> float:
    """The cache of one sample: values in model dtype, or codes with `storage: packed`.

    Tokens of a block that is not full are counted as they are at exactly this length.
    """
    scheme = stored.kv_scheme
    if _as_values(stored):
        return sizes.layers * 2 * sizes.kv_width * tokens * dtype_bits / 8
    bits = scheme.storage_bits(
        tokens, 1, sizes.kv_width, param_bits=scheme.param_bits, dtype_bits=dtype_bits
    )
    return sizes.layers * bits / 8


def work_bytes(sizes: Geometry, stored: Stored, dtype_bits: int, tokens: int) -> float:
    """The largest of a block's steps over a whole prompt, and the logits of its last token.

    Alive throughout: the prompt's embeddings, the block's input and its normed form; in the MLP
    also the sum after attention.
    """
    held, logits = 3 * tokens * sizes.hidden, 2 * sizes.vocabulary
    values = held + logits
    at_work = max(
        _attention_bytes(sizes, stored, dtype_bits, tokens),
        _mlp_bytes(sizes, stored, dtype_bits, tokens),
    )
    return values * dtype_bits / 8 + at_work


def _attention_bytes(sizes: Geometry, stored: Stored, dtype_bits: int, tokens: int) -> float:
    """Q, K and V with the result twice, or with one tensor of the cache being (de)quantized.

    Quantizing takes a tensor in fp32, its codes in fp32 and the result. Packed storage hands
    attention K and V unpacked; V passes through fp32 and a second copy while K is there.
    """
    size = dtype_bits / 8
    query, kv = tokens * sizes.hidden, tokens * sizes.kv_width
    handed = 0.0
    quantizing = 0.0 if stored.kv_scheme.is_identity else (2 * WIDE + size) * kv
    if stored.kv_scheme.layer_kind == "packed":
        handed = 2 * size * kv
        quantizing = max(quantizing, handed + (WIDE + size) * kv)
    new = (query + 2 * kv) * size
    return new + max(handed + 2 * query * size, quantizing)


def _mlp_bytes(sizes: Geometry, stored: Stored, dtype_bits: int, tokens: int) -> float:
    """Gate, up and their product; a packed matrix is dequantized while the gate is there."""
    size = dtype_bits / 8
    residual, wide = tokens * sizes.hidden * size, tokens * sizes.mlp * size
    if stored.weight_scheme is None or stored.weight_storage != "packed":
        return residual + 3 * wide
    matrix = sizes.hidden * sizes.mlp
    cast = 0.0 if size == WIDE else size
    return residual + max(3 * wide, wide + matrix * (WIDE + CODE + cast), 2 * wide + matrix * size)
