"""FP16: model dtype, nothing quantized; the baseline through the same cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lvlm_compress.kv.tensor_scheme import TensorScheme

if TYPE_CHECKING:
    from torch import Size, Tensor


@dataclass(frozen=True)
class Unquantized(TensorScheme):
    """No token is ever quantized."""

    kind: ClassVar[str] = "unquantized"
    shared: ClassVar[tuple[int, ...]] = ()
    bits: int = 16

    @property
    def part(self) -> str:
        """The id."""
        return "fp16"

    @property
    def boundary(self) -> int:
        """Any token can be cut off."""
        return 1

    def quantized_tokens(self, tokens: int) -> int:
        """None."""
        return 0

    def groups(self, tokens: int, width: int) -> int:
        """None."""
        return 0

    def to_groups(self, x: Tensor) -> Tensor:
        """Nothing to regroup."""
        return x

    def from_groups(self, groups: Tensor, shape: Size) -> Tensor:
        """Nothing to regroup."""
        return groups
