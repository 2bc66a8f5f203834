"""Memory that many shapes lie in, one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import Tensor


@dataclass
class FlatMemory:
    """Flat tensors, as large as the largest that was asked for."""

    held: list[Tensor] = field(default_factory=list)

    @property
    def nbytes(self) -> int:
        """Bytes of all."""
        return sum(tensor.nbytes for tensor in self.held)

    def fits(self, sizes: Sequence[int]) -> bool:
        """Whether tensors of so many values find room; if not, views of it are void on `grow`."""
        return len(self.held) == len(sizes) and all(
            size <= tensor.numel() for size, tensor in zip(sizes, self.held, strict=True)
        )

    def grow(self, sizes: Sequence[int], like: Tensor) -> None:
        """Make room, in dtype and place of a tensor; what was there is given back first."""
        self.held.clear()
        self.held.extend(like.new_zeros(size) for size in sizes)
