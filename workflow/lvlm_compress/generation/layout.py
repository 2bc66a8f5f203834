"""How a decoder's weights lie in memory."""

from __future__ import annotations

import torch
from torch import nn

WIDE = (torch.float32, torch.float64)


def by_input(decoder: nn.Module) -> None:
    """Lay linear weights out by input on a CPU, in place: the same numbers in the same shapes.

    MKL multiplies few rows, a decoding batch or a question behind a shared prefix, a fifth to a
    third faster that way, and many rows as fast. 16-bit weights go through oneDNN, which lays them
    out itself.
    """
    for linear in decoder.modules():
        if isinstance(linear, nn.Linear) and _row_major(linear.weight):
            linear.weight.data = linear.weight.data.t().contiguous().t()


def _row_major(weight: torch.Tensor) -> bool:
    return weight.device.type == "cpu" and weight.dtype in WIDE and weight.is_contiguous()
