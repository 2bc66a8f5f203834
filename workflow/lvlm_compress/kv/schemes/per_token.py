"""g-T_g: groups of g consecutive columns of one token (paper, section 3; KIVI's values).

Columns are counted through the heads of a token (column = head * head_dim + channel), so with
head_dim 64 a group of 128 holds two heads.
"""

from __future__ import annotations

from dataclasses import dataclass
from re import Match
from typing import TYPE_CHECKING, ClassVar

from lvlm_compress.errors import UserError
from lvlm_compress.kv.tensor_scheme import TensorScheme

if TYPE_CHECKING:
    from torch import Size, Tensor

PATTERN = r"t(?P<group>[1-9][0-9]*)"
EXAMPLES = ("t128",)


def build(bits: int, match: Match[str]) -> TensorScheme:
    """The scheme that an id's part, matched by PATTERN, stands for."""
    return PerToken(bits, int(match["group"]))


@dataclass(frozen=True)
class PerToken(TensorScheme):
    """`columns` columns of one token are a group; no token is left over."""

    kind: ClassVar[str] = "per_token"
    shared: ClassVar[tuple[int, ...]] = (3,)
    token_axis: ClassVar[int] = 1
    columns: int

    @property
    def part(self) -> str:
        """The id's part."""
        return f"t{self.columns}"

    @property
    def group(self) -> int:
        """Columns of a group."""
        return self.columns

    @property
    def boundary(self) -> int:
        """Tokens are independent of each other."""
        return 1

    def validate(self, kv_heads: int, head_dim: int) -> None:
        """Raise UserError unless g divides the KV width D = kv_heads * head_dim."""
        width = kv_heads * head_dim
        if width % self.columns:
            raise UserError(
                f"Per-token quantization in groups of g = {self.columns} columns does not fit this "
                f"model: its KV width D = {kv_heads} heads x {head_dim} = {width} is not a "
                f"multiple of {self.columns}. Choose a g that divides {width}."
            )

    def groups(self, tokens: int, width: int) -> int:
        """D/g a token."""
        return tokens * (width // self.columns)

    def to_groups(self, x: Tensor) -> Tensor:
        """[batch, tokens, D/g, g]."""
        batch, heads, tokens, head_dim = x.shape
        self.validate(heads, head_dim)
        return x.transpose(1, 2).reshape(batch, tokens, -1, self.columns)

    def from_groups(self, groups: Tensor, shape: Size) -> Tensor:
        """Heads apart again."""
        batch, heads, tokens, head_dim = shape
        return groups.reshape(batch, tokens, heads, head_dim).transpose(1, 2)
