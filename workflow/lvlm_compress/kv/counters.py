"""Per layer, tensor and sample: how many leading tokens are quantized (n_q of spec section 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lvlm_compress.kv.tensor_scheme import TensorScheme


@dataclass
class Counters:
    """n_q of each sample of one tensor, and by which scheme: cells answered together differ."""

    schemes: list[TensorScheme] = field(default_factory=list)
    quantized: list[int] = field(default_factory=list)

    def start(self, scheme: TensorScheme, elsewhere: int, samples: int) -> None:
        """Begin with new samples, of each of which so many leading tokens are kept elsewhere."""
        self.schemes = [scheme] * samples
        self.quantized = [scheme.quantized_tokens(elsewhere)] * samples

    def extend(self, other: Counters) -> None:
        """Add another batch's samples."""
        self.schemes = self.schemes + other.schemes
        self.quantized = self.quantized + other.quantized

    def due(self, lengths: dict[int, int]) -> dict[int, tuple[int, int]]:
        """Token ranges to quantize now, for samples with so many stored tokens.

        A scheme with a boundary takes each token once; one whose statistics span all tokens takes
        them all again, from what is stored.
        """
        ranges = {}
        for sample, length in lengths.items():
            scheme = self.schemes[sample]
            start = 0 if scheme.boundary is None else self.quantized[sample]
            stop = scheme.quantized_tokens(length)
            if stop > start:
                ranges[sample] = (start, stop)
        return ranges

    def by_scheme(
        self, ranges: dict[int, tuple[int, int]]
    ) -> dict[TensorScheme, dict[int, tuple[int, int]]]:
        """The ranges of `due`, those of samples with the same scheme together."""
        parts: dict[TensorScheme, dict[int, tuple[int, int]]] = {}
        for sample, span in ranges.items():
            parts.setdefault(self.schemes[sample], {})[sample] = span
        return parts

    def done(self, ranges: dict[int, tuple[int, int]]) -> None:
        """Note that these ranges are quantized."""
        for sample, (_, stop) in ranges.items():
            self.quantized[sample] = stop

    def require_cut(self, lengths: list[int]) -> None:
        """Raise ValueError if keeping so many tokens of each sample would cut a group apart."""
        for sample, (length, quantized) in enumerate(zip(lengths, self.quantized, strict=True)):
            scheme = self.schemes[sample]
            boundary = scheme.boundary or quantized
            if length < quantized and length % boundary:
                raise ValueError(
                    f"Cutting sample {sample} to {length} of {quantized} quantized tokens would "
                    f"cut a group of scheme {scheme.part} apart; it can be cut at multiples "
                    f"of {boundary}. Ask the scheme's shareable_prefix how much can be reused."
                )

    def cut(self, lengths: list[int]) -> None:
        """Follow a cut to so many tokens of each sample."""
        self.quantized = [min(pair) for pair in zip(lengths, self.quantized, strict=True)]

    def select(self, samples: Iterable[int]) -> None:
        """Keep, repeat or reorder samples."""
        chosen = list(samples)
        self.schemes = [self.schemes[sample] for sample in chosen]
        self.quantized = [self.quantized[sample] for sample in chosen]
