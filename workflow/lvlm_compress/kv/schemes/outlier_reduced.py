"""OR_s: Uniform for all values but the k smallest and k largest, which stay exact (GEAR).

k = floor(n * D * s / 2), signed order over the whole tensor; s in percent in ids, 2 in the paper.
The minimum and maximum of the remaining values are its (k+1)-th smallest and largest, so two order
statistics say everything: a value outside of them is an outlier, one inside is not, and one equal
to the minimum comes back exactly either way. With k = 0 this is Uniform.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from re import Match
from typing import TYPE_CHECKING, ClassVar

from lvlm_compress.kv.affine import widen
from lvlm_compress.kv.selection import inner_extremes
from lvlm_compress.kv.tensor_scheme import TensorScheme

if TYPE_CHECKING:
    from torch import Size, Tensor

    from lvlm_compress.kv.tensor_scheme import Encoded

# A share above 0 and below 100 %.
PATTERN = r"or(?=.*[1-9])(?P<percent>[0-9]{1,2}(\.[0-9]+)?)"
EXAMPLES = ("or2",)


def build(bits: int, match: Match[str]) -> TensorScheme:
    """The scheme that an id's part, matched by PATTERN, stands for."""
    return OutlierReduced(bits, Fraction(match["percent"]))


@dataclass(frozen=True)
class OutlierReduced(TensorScheme):
    """The whole tensor without its outliers is one group; `percent` of all values are outliers."""

    kind: ClassVar[str] = "outlier_reduced"
    shared: ClassVar[tuple[int, ...]] = (1, 2, 3)
    percent: Fraction

    @property
    def part(self) -> str:
        """The id's part, the share without trailing zeros."""
        return f"or{float(self.percent):.9f}".rstrip("0").rstrip(".")

    def groups(self, tokens: int, width: int) -> int:
        """One."""
        return 1 if tokens else 0

    def outliers(self, tokens: int, width: int) -> int:
        """2k values, half of them from either end."""
        return 2 * self._each_end(tokens * width)

    def _each_end(self, values: int) -> int:
        return int(values * self.percent // 200)

    def to_groups(self, x: Tensor) -> Tensor:
        """Nothing to regroup."""
        return x

    def from_groups(self, groups: Tensor, shape: Size) -> Tensor:
        """Nothing to regroup."""
        return groups

    def span(self, groups: Tensor) -> tuple[Tensor, Tensor]:
        """Extremes of what is left when k values are taken from either end, a sample at a time."""
        skip = self._each_end(groups[0].numel())
        minimum, maximum = inner_extremes(groups.flatten(1), skip)
        return minimum.view(-1, 1, 1, 1), maximum.view(-1, 1, 1, 1)

    def fake_quantize(self, x: Tensor) -> Tensor:
        """Uniform within the span, the values outside of it as they are."""
        return self._with_outliers(x, self.encode(x))

    def _with_outliers(self, x: Tensor, encoded: Encoded) -> Tensor:
        wide = widen(x)
        inside = (wide >= encoded.minimum).logical_and_(wide <= encoded.maximum)
        return self.decode_(encoded, x.shape).to(x.dtype).where(inside, x)

    def take_outliers(self, x: Tensor, encoded: Encoded) -> tuple[Tensor, Tensor]:
        """As many positions from either end; ties with an end of the span fill them up.

        A tie may go either way, so it is stored as `fake_quantize` returns it.
        """
        codes = encoded.codes.clone()  # decoding overwrites them, the caller still needs them
        restored = self._with_outliers(x, replace(encoded, codes=codes))
        flat, quantized = _tokens_first(widen(x)), _tokens_first(restored)
        minimum, maximum = encoded.minimum.view(()), encoded.maximum.view(())
        each = self._each_end(flat.numel())
        positions = flat.new_empty(2 * each).long()
        _fill_(positions[:each], flat < minimum, flat == minimum)
        _fill_(positions[each:], flat > maximum, flat == maximum)
        return positions.int(), quantized[positions]


def _tokens_first(x: Tensor) -> Tensor:
    return x.transpose(1, 2).reshape(-1)


def _fill_(places: Tensor, outside: Tensor, tied: Tensor) -> None:
    """All places that are outside, then the first that are tied."""
    found = outside.nonzero().view(-1)
    places[: len(found)] = found
    places[len(found) :] = tied.nonzero().view(-1)[: len(places) - len(found)]
