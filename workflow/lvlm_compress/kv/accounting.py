"""Bits that stored K and V occupy (spec section 7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lvlm_compress.kv.tensor_scheme import TensorScheme


@dataclass(frozen=True)
class Widths:
    """Bits of one parameter, of one outlier's flat position, of one value in model dtype."""

    param_bits: int = 16
    index_bits: int = 32
    dtype_bits: int = 16


def tensor_bits(
    scheme: TensorScheme, quantized: int, residual: int, columns: int, widths: Widths
) -> int:
    """Bits of K or V of one layer and sample.

        b*n_q*D + 2*p*groups + outliers*(dtype + index) + dtype*n_r*D

    quantized, residual: tokens as codes (n_q) and in model dtype (n_r); columns: the KV width D.
    """
    codes = scheme.bits * quantized * columns
    parameters = 2 * widths.param_bits * scheme.groups(quantized, columns)
    outliers = scheme.outliers(quantized, columns) * (widths.dtype_bits + widths.index_bits)
    return codes + parameters + outliers + widths.dtype_bits * residual * columns
