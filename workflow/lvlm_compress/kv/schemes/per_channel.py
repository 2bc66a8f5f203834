"""g-C_g: groups of g consecutive tokens of one column (paper, section 3; KIVI's keys).

Blocks start at the sample's first valid token. The last n mod g tokens stay in model dtype.
"""

from __future__ import annotations

from dataclasses import dataclass
from re import Match
from typing import TYPE_CHECKING, ClassVar

from lvlm_compress.kv.tensor_scheme import TensorScheme

if TYPE_CHECKING:
    from torch import Size, Tensor

PATTERN = r"c(?P<group>[1-9][0-9]*)"
EXAMPLES = ("c128",)


def build(bits: int, match: Match[str]) -> TensorScheme:
    """The scheme that an id's part, matched by PATTERN, stands for."""
    return PerChannel(bits, int(match["group"]))


@dataclass(frozen=True)
class PerChannel(TensorScheme):
    """A column over a block of `block` tokens is a group; only full blocks are quantized."""

    kind: ClassVar[str] = "per_channel"
    shared: ClassVar[tuple[int, ...]] = (3,)
    token_axis: ClassVar[int] = 2
    block: int

    @property
    def part(self) -> str:
        """The id's part."""
        return f"c{self.block}"

    @property
    def group(self) -> int:
        """Tokens of a block."""
        return self.block

    @property
    def boundary(self) -> int:
        """Blocks are cut at block ends."""
        return self.block

    def quantized_tokens(self, tokens: int) -> int:
        """The tokens of the full blocks; fewer than a block is a legal state, not an error."""
        return tokens // self.block * self.block

    def groups(self, tokens: int, width: int) -> int:
        """One a column and block."""
        return width * (tokens // self.block)

    def to_groups(self, x: Tensor) -> Tensor:
        """[batch, heads, blocks, block, head_dim]."""
        batch, heads, tokens, head_dim = x.shape
        return x.reshape(batch, heads, tokens // self.block, self.block, head_dim)

    def from_groups(self, groups: Tensor, shape: Size) -> Tensor:
        """Blocks joined."""
        return groups.flatten(2, 3)
