"""Uniform: one minimum and one step for all tokens, heads and channels (paper eq. 2)."""

from __future__ import annotations

from dataclasses import dataclass
from re import Match
from typing import TYPE_CHECKING, ClassVar

from lvlm_compress.kv.tensor_scheme import TensorScheme

if TYPE_CHECKING:
    from torch import Size, Tensor

PATTERN = r"uniform"
EXAMPLES = ("uniform",)


def build(bits: int, match: Match[str]) -> TensorScheme:
    """The scheme that an id's part, matched by PATTERN, stands for."""
    return Uniform(bits)


@dataclass(frozen=True)
class Uniform(TensorScheme):
    """The whole tensor is one group."""

    kind: ClassVar[str] = "uniform"
    shared: ClassVar[tuple[int, ...]] = (1, 2, 3)

    @property
    def part(self) -> str:
        """The id's part."""
        return "uniform"

    def groups(self, tokens: int, width: int) -> int:
        """One."""
        return 1 if tokens else 0

    def to_groups(self, x: Tensor) -> Tensor:
        """Nothing to regroup."""
        return x

    def from_groups(self, groups: Tensor, shape: Size) -> Tensor:
        """Nothing to regroup."""
        return groups
