"""Order statistics near both ends of long rows, without sorting them (spec section 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_SHORT = 1 << 14
# Odd, so that a sample of a row runs through all channels and not through two of 128.
_STRIDE = 61


def inner_extremes(rows: Tensor, skip: int) -> tuple[Tensor, Tensor]:
    """The (skip+1)-th smallest and largest value of each row, exactly.

    rows: [rows, values], finite, skip < values. Returns two tensors [rows].
    """
    if skip == 0:
        return rows.amin(1), rows.amax(1)
    low, high = rows.new_empty(len(rows)), rows.new_empty(len(rows))
    for index, row in enumerate(rows):
        low[index] = _smallest(row, skip)
        high[index] = -_smallest(-row, skip)
    return low, high


def _smallest(row: Tensor, skip: int) -> Tensor:
    """The (skip+1)-th smallest value: selected among the few that a sample says are small."""
    if row.numel() > _SHORT:
        few = row[row <= _likely_bound(row, skip)]
        row = few if few.numel() > skip else row
    return row.kthvalue(skip + 1).values


def _likely_bound(row: Tensor, skip: int) -> Tensor:
    """A value that more than `skip` values of the row are most likely not above."""
    sample = row[::_STRIDE]
    rank = min(skip * 5 // (_STRIDE * 4) + 16, sample.numel())
    return sample.kthvalue(rank).values
