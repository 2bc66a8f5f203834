"""Which questions run together: pure planning over lengths.

What is planned here never changes an answer (rows are independent), only how long it takes; batch
size and budget therefore enter no digest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from lvlm_compress.generation.branch import prompts_alike
from lvlm_compress.generation.requests import Request

T = TypeVar("T")


@dataclass(frozen=True)
class Room:
    """What a batch may take.

    Attributes:
        budget: KV entries.
        new: generated tokens to make room for in each row.
        copy: whether each row holds a copy of what it shares.
    """

    budget: int
    new: int
    copy: bool

    def own(self, request: Request) -> int:
        """KV entries of a row alone."""
        return request.tokens + self.new - (0 if self.copy else request.shared)

    def cost(self, rows: Sequence[Request]) -> int:
        """KV entries of a batch: rows as long as the longest, shared parts once a picture."""
        if not rows:
            return 0
        shared = 0 if self.copy else rows[0].shared
        pictures = {row.picture for row in rows} if shared else set()
        return len(rows) * max(self.own(row) for row in rows) + len(pictures) * shared

    def takes(self, rows: Sequence[Request], piece: Sequence[Request]) -> bool:
        """Whether a piece may join running rows: it fits, and they share equally much."""
        if not rows:
            return True
        alike = self.copy or rows[0].shared == piece[0].shared
        return alike and self.cost([*rows, *piece]) <= self.budget

    def refills(self, rows: Sequence[Request]) -> bool:
        """Whether it pays to let new rows in: joining copies what runs, so only at half load."""
        return 2 * self.cost(rows) <= self.budget


def pieces(requests: Sequence[Request], room: Room) -> list[list[Request]]:
    """What is prefilled together: cells of one prompt, and questions that share a part, as many as
    fit; else one alone.

    In an order that brings near lengths together, so that joined batches are padded little.
    """
    made: list[list[Request]] = []
    for request in sorted(requests, key=_by_group(requests)):
        last = made[-1] if made else []
        if last and _together(last[-1], request) and room.cost([*last, request]) <= room.budget:
            last.append(request)
        else:
            made.append([request])
    return sorted(made, key=lambda piece: (piece[0].shared, max(r.tokens for r in piece)))


def _together(last: Request, request: Request) -> bool:
    if not prompts_alike(last.branch.scheme, request.branch.scheme):
        return False
    shares = bool(request.shared) and last.picture == request.picture
    return shares or last.example is request.example


def _by_group(requests: Sequence[Request]) -> Callable[[Request], tuple[int, int, str]]:
    first = {r.picture: place for place, r in reversed(list(enumerate(requests)))}
    return lambda r: (first[r.picture], r.tokens, r.example.id)


def chunks(groups: Iterable[Sequence[T]], size: int) -> Iterator[list[T]]:
    """Consecutive groups joined to chunks of at least `size` members (the last may be smaller)."""
    chunk: list[T] = []
    for group in groups:
        chunk.extend(group)
        if len(chunk) >= size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
