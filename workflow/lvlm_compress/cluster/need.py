"""What one job asks for, and how that grows when it has to be repeated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Need:
    """A job's request at its first attempt."""

    gpus: int
    memory_mb: int
    minutes: int

    def memory_at(self, attempt: int) -> int:
        """MB of host memory: half as much again at every further attempt."""
        return round(self.memory_mb * (1 + (attempt - 1) / 2))

    def minutes_at(self, attempt: int, longest: int | None = None) -> int:
        """Minutes: as much again at every further attempt, within the partition's limit.

        A job that runs out of time goes on from its journal, so a limit that is too short for a
        whole cell still ends after some attempts.
        """
        minutes = self.minutes * attempt
        return minutes if longest is None else min(minutes, longest)


def together(needs: Iterable[Need]) -> Need:
    """What a job needs that works off some cells one after the other."""
    found = list(needs)
    return Need(
        gpus=max(need.gpus for need in found),
        memory_mb=max(need.memory_mb for need in found),
        minutes=sum(need.minutes for need in found),
    )
