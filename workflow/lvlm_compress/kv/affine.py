"""The arithmetic that every scheme shares: asymmetric, real zero point (spec section 1).

    step = (mx - mn) / (2^b - 1)
    code = clamp(round_half_even((x - mn) / step), 0, 2^b - 1)
    x'   = code * step + mn

in fp32 whatever the model's dtype; results are cast back to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def widen(x: Tensor) -> Tensor:
    """`x` in the dtype of the arithmetic; `x` itself when it already is."""
    return x.float()


def step_size(minimum: Tensor, maximum: Tensor, bits: int) -> Tensor:
    """Distance of two codes; 0 for a constant group.

    The divisor is a tensor because CUDA multiplies by the reciprocal of a Python number.
    """
    return (maximum - minimum) / minimum.new_full((), 2**bits - 1)


def to_codes(values: Tensor, minimum: Tensor, step: Tensor, bits: int) -> Tensor:
    """Codes as whole numbers in the dtype of `values`; 0 throughout a group whose step is 0."""
    divisor = step.masked_fill(step == 0, 1)
    return (values - minimum).div_(divisor).round_().clamp_(0, 2**bits - 1)


def reconstruct_(codes: Tensor, minimum: Tensor, step: Tensor) -> Tensor:
    """Values of the codes; overwrites `codes`. Two roundings, never fused into one."""
    return codes.mul_(step).add_(minimum)
