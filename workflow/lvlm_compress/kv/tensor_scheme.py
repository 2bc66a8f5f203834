"""What a scheme is for one tensor (K or V) of one layer.

A scheme says which values share a minimum and a step, and the rest follows. It only ever sees
valid tokens: masks, phases and triggers are the business of the cache (spec sections 3 and 4).
Nothing here imports torch at run time, so planning can parse ids without it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lvlm_compress.kv.affine import reconstruct_, step_size, to_codes, widen

if TYPE_CHECKING:
    from torch import Size, Tensor


@dataclass(frozen=True)
class Encoded:
    """A quantized tensor: codes as whole numbers in grouped shape, and each group's parameters."""

    codes: Tensor
    minimum: Tensor
    maximum: Tensor
    step: Tensor


@dataclass(frozen=True)
class TensorScheme(ABC):
    """Base of all schemes; `x` is [batch, kv_heads, tokens, head_dim], every token valid.

    Attributes:
        kind: name of the scheme, the same as its module's.
        bits: bits of a code.
        boundary: stored tokens may be cut at multiples of it without touching a group; None when
            all tokens share statistics. A scheme with a boundary quantizes each token once.
        token_axis: of a scheme with a boundary, the axis of the grouped tensor along which more
            tokens mean more groups.
        shared: axes of the grouped tensor whose values share a minimum and a step.
    """

    kind: ClassVar[str]
    shared: ClassVar[tuple[int, ...]]
    token_axis: ClassVar[int]
    bits: int

    @property
    @abstractmethod
    def part(self) -> str:
        """How ids spell the scheme without its bits, `t128` for one."""

    @property
    def group(self) -> int | None:
        """Group size g, None for a scheme that has none."""
        return None

    @property
    def boundary(self) -> int | None:
        """See the attributes of the class."""
        return None

    def validate(self, kv_heads: int, head_dim: int) -> None:
        """Raise UserError when the model's KV width does not fit the scheme."""
        return

    def quantized_tokens(self, tokens: int) -> int:
        """How many leading tokens of `tokens` are quantized; the rest stays in model dtype."""
        return tokens

    @abstractmethod
    def groups(self, tokens: int, width: int) -> int:
        """Number of groups, that is of (minimum, step) pairs, of `tokens` quantized tokens."""

    def outliers(self, tokens: int, width: int) -> int:
        """Number of values kept exactly beside the codes."""
        return 0

    @abstractmethod
    def to_groups(self, x: Tensor) -> Tensor:
        """A view or copy of `x` in which the values of a group lie along the `shared` axes."""

    @abstractmethod
    def from_groups(self, groups: Tensor, shape: Size) -> Tensor:
        """Inverse of `to_groups` for a tensor of that shape."""

    def span(self, groups: Tensor) -> tuple[Tensor, Tensor]:
        """Minimum and maximum of each group, the `shared` axes kept with length 1."""
        return groups.amin(self.shared, keepdim=True), groups.amax(self.shared, keepdim=True)

    def encode(self, x: Tensor) -> Encoded:
        """Codes and parameters of `x`; `quantized_tokens` of it must be all of it."""
        groups = self.to_groups(widen(x))
        minimum, maximum = self.span(groups)
        step = step_size(minimum, maximum, self.bits)
        return Encoded(to_codes(groups, minimum, step, self.bits), minimum, maximum, step)

    def decode_(self, encoded: Encoded, shape: Size) -> Tensor:
        """Values of the codes in the dtype of the arithmetic; overwrites the codes."""
        values = reconstruct_(encoded.codes, encoded.minimum, encoded.step)
        return self.from_groups(values, shape)

    def fake_quantize(self, x: Tensor) -> Tensor:
        """`x` as it comes back from storage, in its dtype; `x` itself is left alone."""
        return self.decode_(self.encode(x), x.shape).to(x.dtype)

    def take_outliers(self, x: Tensor, encoded: Encoded) -> tuple[Tensor, Tensor]:
        """Positions (int32) and values of the outliers of one sample, for packed storage.

        A position counts values token by token, head by head; `outliers` says how many there are.
        """
        return x.new_empty(0).int(), x.new_empty(0)
