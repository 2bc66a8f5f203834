"""Which questions go through the model together: pure planning over lengths.

What is planned here never changes an answer (each row of a batch is independent), only how long it
takes; batch size and budget therefore enter no digest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

from lvlm_compress.generation.requests import Request

T = TypeVar("T")


def plan(requests: Sequence[Request], budget: int, room: int) -> list[list[Request]]:
    """Batches of at most `budget` KV entries, counting `room` generated tokens a row.

    Questions with equal shared part go together, those of one picture side by side; within that,
    near lengths, so that little is padded. A single request may exceed the budget alone.
    """
    batches: list[list[Request]] = []
    for _, alike in groupby(sorted(requests, key=_order(requests)), key=lambda r: r.shared):
        batch: list[Request] = []
        for request in alike:
            if batch and cost([*batch, request], room) > budget:
                batches.append(batch)
                batch = []
            batch.append(request)
        batches.append(batch)
    return batches


def cost(batch: Sequence[Request], room: int) -> int:
    """KV entries of a batch: every row as long as its longest."""
    return len(batch) * (max(request.tokens for request in batch) + room)


def _order(requests: Sequence[Request]) -> Callable[[Request], tuple[int, int, str, int, str]]:
    longest: dict[str, int] = {}
    for request in requests:
        longest[_group(request)] = max(longest.get(_group(request), 0), request.tokens)

    def key(request: Request) -> tuple[int, int, str, int, str]:
        group = _group(request)
        return request.shared, longest[group], group, request.tokens, request.example.id

    return key


def _group(request: Request) -> str:
    return request.picture or request.example.id


def halves(batch: Sequence[Request]) -> Iterator[list[Request]]:
    """Two batches of half the size, for a batch that did not fit or did not work."""
    middle = len(batch) // 2
    yield list(batch[:middle])
    yield list(batch[middle:])


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
