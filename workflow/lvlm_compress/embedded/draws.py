"""Random choices that are the same on every machine and with every library version.

Only ``random.Random.random`` is used: it is the one method whose sequence Python guarantees for a
given seed. Streams are named, so that training, calibration and benchmark draws never meet.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Draws:
    """A named stream of random choices; equal names give equal streams."""

    def __init__(self, *name: str | int) -> None:
        self._random = random.Random("/".join(str(part) for part in name))

    def below(self, bound: int) -> int:
        """A whole number in [0, bound)."""
        return int(self._random.random() * bound)

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self._random.random() < probability

    def pick(self, values: Sequence[T]) -> T:
        """One element of ``values``."""
        return values[self.below(len(values))]

    def sample(self, values: Sequence[T], count: int) -> list[T]:
        """``count`` different elements of ``values``, in random order."""
        rest = list(values)
        return [rest.pop(self.below(len(rest))) for _ in range(count)]

    def shuffled(self, values: Sequence[T]) -> list[T]:
        """All elements of ``values`` in random order."""
        return self.sample(values, len(values))
