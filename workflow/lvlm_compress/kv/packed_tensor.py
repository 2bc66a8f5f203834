"""One tensor (K or V) of one sample as packed codes, parameters and outliers (spec section 7).

Codes lie token by token, column by column in one dense bit stream, whatever the scheme, so tokens
are appended and cut off at its end. The values of simulated storage come back bit for bit when the
parameters keep the dtype of the arithmetic (`param_bits` 32; for a model in fp64 that is fp64);
with 16 bits the steps are rounded and the codes kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from lvlm_compress.kv.affine import widen
from lvlm_compress.kv.tensor_scheme import Encoded
from lvlm_compress.packing import pack, unpack

if TYPE_CHECKING:
    from torch import Size, Tensor

    from lvlm_compress.kv.tensor_scheme import TensorScheme

_WORD_BITS = 32


@dataclass(frozen=True)
class PackedTensor:
    """Quantized tokens of one sample; nothing in it is ever written to.

    Attributes:
        shape: [1, kv_heads, tokens, head_dim].
        words: the codes, int32.
        minimum, step: a pair a group, in the scheme's grouped shape.
        positions, outliers: flat places (int32) in the token-by-token matrix and the values there,
            in model dtype.
    """

    scheme: TensorScheme
    shape: Size
    words: Tensor
    minimum: Tensor
    step: Tensor
    positions: Tensor
    outliers: Tensor

    @property
    def tokens(self) -> int:
        """Tokens held."""
        return self.shape[2]

    @property
    def held_bits(self) -> int:
        """Bits of all buffers."""
        buffers = (self.words, self.minimum, self.step, self.positions, self.outliers)
        return sum(8 * buffer.nbytes for buffer in buffers)

    def codes(self) -> Tensor:
        """Flat uint8 codes, token by token."""
        return unpack(self.words, self.scheme.bits, self.shape.numel())

    def values(self) -> Tensor:
        """The tokens in model dtype, [1, kv_heads, tokens, head_dim]."""
        codes = _heads_first(self.codes(), self.shape).to(widen(self.step).dtype)
        minimum, step = widen(self.minimum), widen(self.step)
        encoded = Encoded(self.scheme.to_groups(codes), minimum, minimum, step)
        values = self.scheme.decode_(encoded, self.shape).to(self.outliers.dtype)
        if not self.positions.numel():
            return values
        flat = _tokens_first(values).index_put((self.positions.long(),), self.outliers)
        return _heads_first(flat, self.shape)

    def join(self, later: PackedTensor) -> PackedTensor:
        """These tokens and later ones of a scheme that quantizes each token once."""
        axis = self.scheme.token_axis
        if self.shape.numel() * self.scheme.bits % _WORD_BITS:
            words = pack(torch.cat([self.codes(), later.codes()]), self.scheme.bits)
        else:
            words = torch.cat([self.words, later.words])
        return replace(
            self,
            shape=_with_tokens(self.shape, self.tokens + later.tokens),
            words=words,
            minimum=torch.cat([self.minimum, later.minimum], axis),
            step=torch.cat([self.step, later.step], axis),
        )

    def cut(self, tokens: int) -> PackedTensor:
        """The first tokens, a multiple of the scheme's boundary."""
        shape = _with_tokens(self.shape, tokens)
        axis, groups = self.scheme.token_axis, tokens // (self.scheme.boundary or 1)
        return replace(
            self,
            shape=shape,
            words=pack(self.codes()[: shape.numel()], self.scheme.bits),
            minimum=self.minimum.narrow(axis, 0, groups).clone(),
            step=self.step.narrow(axis, 0, groups).clone(),
        )


def pack_tensor(scheme: TensorScheme, x: Tensor, param_bits: int) -> PackedTensor:
    """Quantize and pack [1, kv_heads, tokens, head_dim], all of it."""
    encoded = scheme.encode(x)
    positions, outliers = scheme.take_outliers(x, encoded)
    codes = scheme.from_groups(encoded.codes, x.shape)
    minimum, step = encoded.minimum, encoded.step
    if param_bits == 16:
        # The minimum is one of the values, so their dtype holds it exactly.
        minimum = minimum.to(x.dtype if x.dtype.itemsize == 2 else torch.float16)
        step = step.to(torch.float16)
    words = pack(_tokens_first(codes).to(torch.uint8), scheme.bits)
    return PackedTensor(scheme, x.shape, words, minimum, step, positions, outliers)


def _tokens_first(x: Tensor) -> Tensor:
    return x.transpose(1, 2).reshape(-1)


def _heads_first(flat: Tensor, shape: Size) -> Tensor:
    batch, heads, tokens, head_dim = shape
    return flat.view(batch, tokens, heads, head_dim).transpose(1, 2)


def _with_tokens(shape: Size, tokens: int) -> Size:
    return torch.Size((*shape[:2], tokens, shape[3]))
