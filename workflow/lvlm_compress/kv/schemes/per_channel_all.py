"""g-C_N: one group a column over all tokens of the sample (paper, section 3; GEAR)."""

from __future__ import annotations

from dataclasses import dataclass
from re import Match
from typing import TYPE_CHECKING, ClassVar

from lvlm_compress.kv.tensor_scheme import TensorScheme

if TYPE_CHECKING:
    from torch import Size, Tensor

PATTERN = r"cN"
EXAMPLES = ("cN",)


def build(bits: int, match: Match[str]) -> TensorScheme:
    """The scheme that an id's part, matched by PATTERN, stands for."""
    return PerChannelAll(bits)


@dataclass(frozen=True)
class PerChannelAll(TensorScheme):
    """A column (one channel of one head) over all tokens is a group."""

    kind: ClassVar[str] = "per_channel_all"
    shared: ClassVar[tuple[int, ...]] = (2,)

    @property
    def part(self) -> str:
        """The id's part."""
        return "cN"

    def groups(self, tokens: int, width: int) -> int:
        """One a column."""
        return width if tokens else 0

    def to_groups(self, x: Tensor) -> Tensor:
        """Nothing to regroup: axis 2 is the tokens."""
        return x

    def from_groups(self, groups: Tensor, shape: Size) -> Tensor:
        """Nothing to regroup."""
        return groups
