"""Per layer, tensor and sample: how many leading tokens are quantized (n_q of spec section 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lvlm_compress.kv.tensor_scheme import TensorScheme


@dataclass
class Counters:
    """n_q of each sample of one tensor."""

    scheme: TensorScheme
    quantized: list[int] = field(default_factory=list)

    def start(self, elsewhere: int, samples: int) -> None:
        """Begin with new samples, of each of which so many leading tokens are kept elsewhere."""
        self.quantized = [self.scheme.quantized_tokens(elsewhere)] * samples

    def due(self, lengths: dict[int, int]) -> dict[int, tuple[int, int]]:
        """Token ranges to quantize now, for samples with so many stored tokens.

        A scheme with a boundary takes each token once; one whose statistics span all tokens takes
        them all again, from what is stored.
        """
        ranges = {}
        for sample, length in lengths.items():
            start = 0 if self.scheme.boundary is None else self.quantized[sample]
            stop = self.scheme.quantized_tokens(length)
            if stop > start:
                ranges[sample] = (start, stop)
        return ranges

    def done(self, ranges: dict[int, tuple[int, int]]) -> None:
        """Note that these ranges are quantized."""
        for sample, (_, stop) in ranges.items():
            self.quantized[sample] = stop

    def require_cut(self, lengths: list[int]) -> None:
        """Raise ValueError if keeping so many tokens of each sample would cut a group apart."""
        for sample, (length, quantized) in enumerate(zip(lengths, self.quantized, strict=True)):
            boundary = self.scheme.boundary or quantized
            if length < quantized and length % boundary:
                raise ValueError(
                    f"Cutting sample {sample} to {length} of {quantized} quantized tokens would "
                    f"cut a group of scheme {self.scheme.part} apart; it can be cut at multiples "
                    f"of {boundary}. Ask the scheme's shareable_prefix how much can be reused."
                )

    def cut(self, lengths: list[int]) -> None:
        """Follow a cut to so many tokens of each sample."""
        self.quantized = [min(pair) for pair in zip(lengths, self.quantized, strict=True)]

    def select(self, samples: Iterable[int]) -> None:
        """Keep, repeat or reorder samples."""
        self.quantized = [self.quantized[sample] for sample in samples]
