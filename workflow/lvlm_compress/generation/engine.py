"""Running requests: what enters the batch when, what is done when memory or a row fails."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import torch

from lvlm_compress.benchmarks.types import Decoding
from lvlm_compress.errors import UserError
from lvlm_compress.generation.batches import Room, pieces
from lvlm_compress.generation.decode import BROKEN, Flight, advance, step
from lvlm_compress.generation.facts import Meter
from lvlm_compress.generation.journal import Row
from lvlm_compress.generation.prefill import prefill
from lvlm_compress.generation.requests import Answer, Request
from lvlm_compress.generation.sampling import uniforms
from lvlm_compress.generation.stop import Stop
from lvlm_compress.kv.finite import NonFiniteError
from lvlm_compress.kv.scheme import KVScheme
from lvlm_compress.models.adapter import LoadedModel


@dataclass
class Engine:
    """Answers requests and keeps the rows.

    Attributes:
        seed: None for greedy decoding.
        alone: every request runs by itself (engine `reference`).
        room: what fits into a batch; its budget is halved when memory does not suffice.
        recorded: called with each new row.
        rows, failed: by example id: finished rows, and why an example has none.
    """

    model: LoadedModel
    scheme: KVScheme
    decoding: Decoding
    seed: int | None
    alone: bool
    room: Room
    stop: Stop
    recorded: Callable[[Row], None]
    rows: dict[str, Row] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    meter: Meter = field(default_factory=Meter)
    waiting: deque[list[Request]] = field(default_factory=deque)
    taken: list[list[Request]] = field(default_factory=list)
    flight: Flight | None = None

    def work(self, requests: Sequence[Request]) -> None:
        """Answer requests. After a failure what was in flight starts over, without the culprit.

        Raises UserError when one request alone does not fit into memory, StoppedError on a stop.
        """
        self.waiting = deque(pieces(requests, self.room))
        while self.waiting or self.flight:
            self.stop.check()
            try:
                self.admit()
                self.advance()
            except NonFiniteError as error:
                self.fail(self.running[error.sample], str(error))
                self.start_over()
            except torch.OutOfMemoryError as error:
                self.shrink(error)
                self.start_over()

    @property
    def running(self) -> list[Request]:
        """The requests in flight, by row."""
        return [] if self.flight is None else self.flight.requests

    def admit(self) -> None:
        """Let waiting pieces into the batch: while they fit, once there is room enough."""
        rows = list(self.running)
        while self.waiting and self.enters(rows, self.waiting[0]):
            self.taken.append(self.waiting.popleft())
            rows.extend(self.taken[-1])
        started = [flight for piece in self.taken if (flight := self.started(piece)) is not None]
        if started:
            self.flight = Flight.joined([self.flight, *started] if self.flight else started)
            self.meter.batch(self.flight.rows.cache)
        self.taken = []

    def enters(self, rows: Sequence[Request], piece: Sequence[Request]) -> bool:
        """Whether a piece may join the rows of the batch now."""
        if self.alone:
            return not rows
        return self.room.refills(self.running) and self.room.takes(rows, piece)

    def started(self, piece: list[Request]) -> Flight | None:
        """A piece with its prompts run; None when a row of it broke and the rest waits again."""
        self.stop.check()
        try:
            rows = prefill(self.model, self.scheme, piece, self.room.copy)
        except NonFiniteError as error:
            culprit = piece[error.sample]
            self.fail(culprit, str(error))
            rest = [request for request in piece if request is not culprit]
            if rest:
                self.waiting.appendleft(rest)
            return None
        numbers = None
        if self.seed is not None:
            ids = [request.example.id for request in piece]
            numbers = uniforms(self.seed, ids, self.decoding.max_new_tokens)
        return Flight(rows, piece, numbers)

    def advance(self) -> None:
        """One token for every row in flight."""
        if self.flight is None:
            return
        ended, broken = step(self.model, self.flight, self.decoding)
        for request, answer in ended:
            self.record(request, answer)
        for request in broken:
            self.fail(request, BROKEN)
        if self.flight.requests:
            advance(self.model, self.flight)
        else:
            self.flight = None

    def start_over(self) -> None:
        """Put what was in flight back in front of what waits."""
        again = [*self.running, *(request for piece in self.taken for request in piece)]
        left = [request for piece in self.waiting for request in piece]
        self.flight, self.taken = None, []
        self.waiting = deque(pieces([r for r in (*again, *left) if self.pending(r)], self.room))

    def shrink(self, error: torch.OutOfMemoryError) -> None:
        """Halve the budget; UserError when a single request is too large."""
        rows = [*self.running, *(request for piece in self.taken for request in piece)]
        if len(rows) == 1:
            raise UserError(
                f"Example {rows[0].example.id} with {rows[0].tokens} prompt tokens does not fit "
                "the device's memory even alone; use a larger device, several "
                "(device_map: auto), or a smaller dtype."
            ) from error
        self.room = replace(self.room, budget=self.room.cost(rows) // 2)
        torch.cuda.empty_cache()

    def fail(self, request: Request, reason: str) -> None:
        """Note why an example has no answer."""
        self.failed[request.example.id] = reason

    def pending(self, request: Request) -> bool:
        """False once the example is answered or known to fail."""
        return request.example.id not in self.rows and request.example.id not in self.failed

    def record(self, request: Request, found: Answer) -> None:
        """Keep an answer."""
        example = request.example
        row = {
            "id": example.id,
            "cluster": example.cluster,
            "image": None if example.image is None else example.image.name,
            "prompt": example.prompt,
            "text": self.model.text(found.ids),
            "seed": self.seed,
            "prompt_tokens": request.tokens,
            "new_tokens": len(found.ids),
            "finish": found.finish,
        }
        self.rows[example.id] = row
        self.meter.answered += 1
        self.recorded(row)
