"""The weight quantizer: per output row and group of inputs, asymmetric, integer zero point.

    scale = max(mx - mn, 1e-5) / (2^b - 1)        rounded to fp16, as it is stored
    zero  = clamp(-round(mn / scale), 0, 2^b - 1)
    code  = clamp(round(w / scale) + zero, 0, 2^b - 1)
    w'    = (code - zero) * scale

AWQ (Lin et al. 2023) as in AutoAWQ and the original code, section 10 of the compression facts,
except that the scale is rounded to its stored precision before codes are computed, so that
what is reloaded is what was evaluated. Arithmetic is fp32; `(code - zero) * scale` is exact
there, so the result is rounded once, to the model dtype. Unlike the KV schemes the zero point
is an integer: a group that lies wholly on one side of 0 is not resolved well.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

SCALE_DTYPE = torch.float16
_SMALLEST_RANGE = 1e-5


@dataclass(frozen=True)
class Quantized:
    """Integer form of one weight matrix [rows, columns].

    codes: uint8 [rows, columns]; scales: fp16 [rows, columns / group]; zeros: uint8, same shape.
    """

    codes: Tensor
    scales: Tensor
    zeros: Tensor


def quantize(weight: Tensor, bits: int, group: int) -> Quantized:
    """Round a matrix [rows, columns] of any float dtype.

    Raises ValueError when `group` does not divide the columns, when a weight is not finite, or
    when a group's range does not fit an fp16 scale.
    """
    rows, columns = weight.shape
    if columns % group:
        raise ValueError(f"{columns} inputs cannot be cut in groups of {group}.")
    top = 2**bits - 1
    values = weight.float().reshape(rows, columns // group, group)
    low, high = values.aminmax(dim=-1, keepdim=True)
    scales = ((high - low).clamp(min=_SMALLEST_RANGE) / top).to(SCALE_DTYPE)
    if not bool(torch.isfinite(scales).all()):
        raise ValueError("The weights hold NaN or inf, or a range beyond fp16.")
    step = scales.float()
    zeros = (-torch.round(low / step)).clamp(0, top)
    codes = (torch.round(values / step) + zeros).clamp(0, top)
    return Quantized(
        codes.to(torch.uint8).reshape(rows, columns),
        scales.squeeze(-1),
        zeros.to(torch.uint8).squeeze(-1),
    )


def dequantize(quantized: Quantized, dtype: torch.dtype) -> Tensor:
    """The matrix [rows, columns] that the codes stand for, in `dtype`."""
    rows, columns = quantized.codes.shape
    groups = quantized.scales.shape[1]
    values = quantized.codes.reshape(rows, groups, columns // groups).float()
    values -= quantized.zeros.unsqueeze(-1)
    values *= quantized.scales.unsqueeze(-1)
    return values.reshape(rows, columns).to(dtype)


def fake_quantize(weight: Tensor, bits: int, group: int) -> Tensor:
    """`dequantize(quantize(weight))` in the dtype of the weight."""
    return dequantize(quantize(weight, bits, group), weight.dtype)
