"""A tensor that grows column by column without being copied each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


class ColumnBuffer:
    """[batch, kv_heads, columns, head_dim], each time it grows with `spare` columns to grow into.

    Without spare columns the values are always contiguous. Appending writes behind what was handed
    out and never into it; whoever wants to write into it asks `own` first.
    """

    def __init__(self, values: Tensor, spare: int = 0, *, fresh: bool = False) -> None:
        """fresh: nobody else has the values."""
        self.values, self.spare = values, spare
        self._room = values if fresh else None
        self._handed = not fresh

    def append(self, new: Tensor) -> None:
        """Add columns."""
        start, stop = self.values.shape[2], self.values.shape[2] + new.shape[2]
        if self._room is None or self._room.shape[2] < stop:
            self._move(stop + self.spare)
        assert self._room is not None
        self._room[:, :, start:stop] = new
        self.values = self._room[:, :, :stop]

    def hand_out(self) -> Tensor:
        """The values, which from now on are not to be written to."""
        self._handed = True
        return self.values

    def own(self) -> Tensor:
        """The values for writing: a copy if they have been handed out."""
        if self._handed:
            self._move(self.values.shape[2] + self.spare)
        return self.values

    def settle(self, room: Tensor) -> None:
        """Move into the first rows of a larger buffer; what it has beyond the values is zeroed."""
        rows, _, used, _ = self.values.shape
        room[:rows, :, :used] = self.values
        room[:rows, :, used:] = 0
        room[rows:] = 0
        self._room, self._handed = room[:rows], False
        self.values = self._room[:, :, :used]

    def lies_in(self, room: Tensor) -> bool:
        """Whether the values were settled there and have stayed."""
        return self._room is not None and self._room.data_ptr() == room.data_ptr()

    def grow(self) -> None:
        """Take one more column of the room, which somebody else has written."""
        assert self._room is not None
        self.values = self._room[:, :, : self.values.shape[2] + 1]

    def _move(self, columns: int) -> None:
        batch, heads, used, dim = self.values.shape
        self._room = self.values.new_empty(batch, heads, columns, dim)
        self._room[:, :, :used] = self.values
        self.values = self._room[:, :, :used]
        self._handed = False
