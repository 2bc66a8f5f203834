"""NaN or infinity in a valid position: the model run is broken, and that must be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


class NonFiniteError(ValueError):
    """K or V of a valid token is NaN or infinite.

    Attributes:
        tensor: "K" or "V".
        layer: decoder layer, None when quantizing outside a cache.
        sample: index within the batch.
    """

    def __init__(self, tensor: str, layer: int | None, sample: int) -> None:
        where = f"sample {sample}" if layer is None else f"layer {layer}, sample {sample}"
        super().__init__(
            f"{tensor} holds NaN or infinity in a valid token of {where}: the model itself "
            "produced it (overflow of its dtype, a broken weight file), not the KV-cache scheme."
        )
        self.tensor, self.layer, self.sample = tensor, layer, sample


def total(x: Tensor) -> Tensor:
    """The sum of all values: NaN or infinite if any of them is, so that one pass clears most.

    Sums of finite 16-bit values are finite in fp32; where wider ones overflow, the exact look that
    follows finds nothing.
    """
    return row_totals(x).sum()


def row_totals(x: Tensor) -> Tensor:
    """`total` of each sample, [batch]."""
    import torch

    return x.sum(dim=(1, 2, 3), dtype=torch.float32 if x.element_size() == 2 else None)


def require_finite(
    k: Tensor, v: Tensor, mask: Tensor | None = None, layer: int | None = None
) -> None:
    """Raise NonFiniteError for the first sample with a bad value where `mask` is True.

    k, v: [batch, kv_heads, tokens, head_dim]; mask: bool [batch, tokens], None for all valid.
    """
    for name, x in (("K", k), ("V", v)):
        if bool(total(x).isfinite()):
            continue
        bad = ~x.isfinite().all(3).all(1)
        if mask is not None:
            bad &= mask.to(bad.device)
        samples = bad.any(1).nonzero()
        if len(samples):
            raise NonFiniteError(name, layer, int(samples[0]))
