"""Which columns of a padded batch hold tokens: the mask as seen by a sample's own counting.

A sample's tokens are numbered 0, 1, 2, ... through its valid columns (spec section 3): blocks,
counters and triggers use these numbers, so a pad or a hole in the mask never shows.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Columns:
    """Which columns hold tokens.

    Attributes:
        mask: [batch, columns] on the CPU, or None; columns beyond it are all valid.
        offset: tokens of every sample that lie before the first column, in another store.
    """

    mask: Tensor | None = None
    offset: int = 0

    @cached_property
    def width(self) -> int:
        """Columns that the mask describes."""
        return 0 if self.mask is None else self.mask.shape[1]

    @cached_property
    def _valid(self) -> list[list[int]]:
        rows = [] if self.mask is None else self.mask.tolist()
        return [[column for column, valid in enumerate(row) if valid] for row in rows]

    def tokens(self, sample: int, columns: int) -> int:
        """How many tokens the sample has up to the first `columns` columns."""
        if self.mask is None:
            return self.offset + columns
        valid = self._valid[sample]
        if columns >= self.width:
            return self.offset + len(valid) + columns - self.width
        return self.offset + bisect_left(valid, columns)

    def select(self, sample: int, start: int, stop: int) -> slice | tuple[int, ...]:
        """Columns of the sample's tokens start..stop-1; a slice when there is no hole in them."""
        first, last = self._column(sample, start), self._column(sample, stop - 1)
        if last - first == stop - 1 - start:
            return slice(first, last + 1)
        return tuple(self._column(sample, token) for token in range(start, stop))

    def _column(self, sample: int, token: int) -> int:
        token -= self.offset
        if self.mask is None:
            return token
        valid = self._valid[sample]
        return valid[token] if token < len(valid) else self.width + token - len(valid)
