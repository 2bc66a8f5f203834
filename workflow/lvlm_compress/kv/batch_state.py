"""What all layers of a cache share for one batch: the phase and the mask."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import torch

from lvlm_compress.kv.columns import Columns

if TYPE_CHECKING:
    from torch import Tensor

Phase = Literal["prefill", "decode"]


@dataclass
class BatchState:
    """Phase and mask; the mask is kept on the CPU, where the bookkeeping happens.

    Attributes:
        columns: the mask; columns beyond it are valid, which prompt columns may not be.
        phase: told from outside, because a prompt step of one token looks like a decode step.
        offset: leading tokens of every sample that another store holds, quantized for good.
    """

    columns: Columns = field(default_factory=Columns)
    phase: Phase = "prefill"
    offset: int = 0

    def __post_init__(self) -> None:
        self.columns = Columns(self.columns.mask, self.offset)

    def set_mask(self, mask: Tensor | None) -> None:
        """Replace the mask: [batch, columns], True or 1 = valid; None for a batch without pads."""
        valid = None if mask is None else mask.detach().bool().cpu()
        self.columns = Columns(valid, self.offset)

    def extend(self, mask: Tensor, length: int) -> None:
        """Append columns behind `length` cached ones; cached columns not described are valid."""
        known = self.columns.mask
        if known is None:
            known = torch.ones(mask.shape[0], length, dtype=torch.bool)
        valid = torch.ones(known.shape[0], max(length - known.shape[1], 0), dtype=torch.bool)
        self.set_mask(torch.cat([known, valid, mask.bool().cpu()], dim=1))

    def crop(self, length: int) -> None:
        """Forget the mask of columns from `length` on."""
        if self.columns.mask is not None:
            self.columns = Columns(self.columns.mask[:, :length], self.offset)

    def select(self, samples: Tensor) -> None:
        """Keep, repeat or reorder samples of the batch."""
        if self.columns.mask is not None:
            self.columns = Columns(self.columns.mask[samples.cpu()], self.offset)

    def padded(self, length: int, pads: int, batch: int) -> Tensor:
        """Mask [batch, pads + length] of `length` cached columns with pads in front."""
        mask = self.columns.mask
        known = torch.ones(batch, 0, dtype=torch.bool) if mask is None else mask[:, :length]
        front = torch.zeros(batch, pads, dtype=torch.bool)
        beyond = torch.ones(batch, length - known.shape[1], dtype=torch.bool)
        return torch.cat([front, known, beyond], dim=1)

    def valid(self, start: int, stop: int) -> Tensor | None:
        """Mask of columns start..stop-1, or None when they are all valid.

        Raises ValueError for prompt columns that a given mask says nothing about: taking a pad for
        a token would be silent.
        """
        mask = self.columns.mask
        if mask is None:
            return None
        if self.phase == "prefill" and stop > mask.shape[1]:
            raise ValueError(
                f"The prompt reaches column {stop}, the mask only {mask.shape[1]}: "
                "call extend_mask with the mask of the new columns first."
            )
        missing = torch.ones(mask.shape[0], max(stop - mask.shape[1], 0), dtype=torch.bool)
        return torch.cat([mask[:, start:stop], missing[:, : stop - start]], dim=1)
