"""A KV-cache scheme: a tensor scheme for K, one for V, and when they are applied."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lvlm_compress.errors import UserError
from lvlm_compress.kv import ids
from lvlm_compress.kv.accounting import Widths, tensor_bits
from lvlm_compress.kv.apply import quantize_
from lvlm_compress.kv.columns import Columns
from lvlm_compress.kv.finite import require_finite
from lvlm_compress.kv.tensor_scheme import TensorScheme

if TYPE_CHECKING:
    from torch import Tensor

LAYERS = {
    "simulated": "lvlm_compress.kv.simulated_layer",
    "packed": "lvlm_compress.kv.packed_layer",
}


@dataclass(frozen=True)
class KVScheme:
    """How K and V of every layer are stored.

    Attributes:
        k: tensor scheme of the keys (`.kind`, `.bits`, `.group`).
        v: tensor scheme of the values.
        order: "before": quantize, then attend (the paper); "after": the prompt is attended to as it
            is and quantized when decoding starts (KIVI, transformers' own quantized cache).
        stream_gap: during decoding a sample's stored tokens are quantized whenever their number is
            a multiple of it.
        storage: "simulated" keeps reconstructed values, "packed" keeps codes.
        param_bits: width of minimum and step in packed storage; 32 reconstructs bit-identically.
    """

    k: TensorScheme
    v: TensorScheme
    order: str = "before"
    stream_gap: int = 20
    storage: str = "simulated"
    param_bits: int = 32

    def __post_init__(self) -> None:
        _require("order", self.order, ("before", "after"))
        _require("storage", self.storage, tuple(LAYERS))
        _require("param_bits", self.param_bits, (16, 32))
        if self.stream_gap < 1:
            raise UserError(f"stream_gap must be at least 1, not {self.stream_gap}.")

    @classmethod
    def parse(
        cls,
        text: str,
        order: str = "before",
        stream_gap: int = 20,
        storage: str = "simulated",
        param_bits: int = 32,
    ) -> KVScheme:
        """The scheme of an id such as `kv2-kc128-vt128` or `fp16`; see the attributes.

        Raises UserError for an unknown id or option value.
        """
        return cls(*ids.parse(text), order, stream_gap, storage, param_bits)

    @property
    def canonical(self) -> str:
        """The id in its one spelling."""
        return ids.canonical(self.k, self.v)

    def __str__(self) -> str:
        return self.canonical

    @property
    def is_identity(self) -> bool:
        """True for fp16: nothing is quantized."""
        return self.canonical == ids.FP16

    @property
    def layer_kind(self) -> str:
        """Which of LAYERS keeps the values: fp16 has no codes to pack."""
        return "simulated" if self.is_identity else self.storage

    @property
    def modules(self) -> tuple[str, ...]:
        """Modules behind this scheme's cells, for code fingerprints; other schemes' are not in."""
        schemes = {type(self.k).__module__, type(self.v).__module__}
        used = schemes | {"lvlm_compress.kv.cache", LAYERS[self.layer_kind]}
        return tuple(sorted(used))

    def spec(self) -> dict[str, object]:
        """What determines the stored values and their reported size, as JSON, for digests."""
        if self.is_identity:
            return {"id": ids.FP16}
        spec: dict[str, object] = {"id": self.canonical, "order": self.order}
        spec |= {"stream_gap": self.stream_gap, "storage": self.storage}
        return spec | ({"param_bits": self.param_bits} if self.storage == "packed" else {})

    def validate(self, kv_heads: int, head_dim: int) -> None:
        """Raise UserError when a group size does not fit a model's KV width.

        To be called with the model's config before its weights are loaded.
        """
        for scheme in (self.k, self.v):
            scheme.validate(kv_heads, head_dim)

    def fake_quantize(
        self, k: Tensor, v: Tensor, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """K and V as they come back from storage after one prefill; new tensors.

        k, v: [batch, kv_heads, tokens, head_dim]; mask: [batch, tokens], True or 1 = valid, any
        pattern. What is not valid is never looked at and comes back as it is.
        Raises NonFiniteError for NaN or infinity in a valid token, UserError for a misfit of D.
        """
        if mask is not None and mask.shape != (k.shape[0], k.shape[2]):
            raise ValueError(f"Mask {tuple(mask.shape)} does not fit K {tuple(k.shape)}.")
        valid = None if mask is None else mask.bool().cpu()
        require_finite(k, v, valid)
        columns = Columns(valid)
        return _fake_quantize(self.k, k, columns), _fake_quantize(self.v, v, columns)

    def storage_bits(
        self,
        tokens: int,
        kv_heads: int,
        head_dim: int,
        param_bits: int = 16,
        index_bits: int = 32,
        dtype_bits: int = 16,
    ) -> int:
        """Bits of one layer's K and V of one sample right after a prefill of `tokens`.

        param_bits: of a stored minimum or step; index_bits: of an outlier's flat position;
        dtype_bits: of an unquantized value. Codes are dense, also at 3 bit.
        """
        self.validate(kv_heads, head_dim)
        widths = Widths(param_bits, index_bits, dtype_bits)
        total = 0
        for scheme in (self.k, self.v):
            quantized = scheme.quantized_tokens(tokens)
            residual = tokens - quantized
            total += tensor_bits(scheme, quantized, residual, kv_heads * head_dim, widths)
        return total

    def shareable_prefix(self, tokens: int) -> int:
        """How many of a common prefix's tokens have K and V that fit every continuation exactly.

        Tokens that share statistics with what follows do not (spec section 6). With order "after"
        the whole prefix attends to unquantized values only, so all of it can be shared.
        """
        if self.order == "after":
            return tokens
        boundaries = [scheme.boundary for scheme in (self.k, self.v)]
        if None in boundaries:
            return 0
        block = math.lcm(*(boundary for boundary in boundaries if boundary))
        return tokens // block * block


def _require(option: str, value: object, known: tuple[object, ...]) -> None:
    if value not in known:
        allowed = ", ".join(map(str, known))
        raise UserError(f"The KV-cache option {option} is {value!r}; it must be one of {allowed}.")


def _fake_quantize(scheme: TensorScheme, x: Tensor, columns: Columns) -> Tensor:
    out = x.clone()
    lengths = {sample: columns.tokens(sample, x.shape[2]) for sample in range(x.shape[0])}
    ranges = {sample: (0, scheme.quantized_tokens(length)) for sample, length in lengths.items()}
    quantize_(scheme, out, columns, ranges)
    return out
