"""Running requests: what enters the batch when, what is done when memory or a row fails."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
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
from lvlm_compress.generation.static_decoder import StaticDecoder
from lvlm_compress.generation.stop import Stop
from lvlm_compress.kv.finite import NonFiniteError
from lvlm_compress.models.adapter import LoadedModel


@dataclass
class Engine:
    """Answers requests, each for its branch.

    Attributes:
        alone: every request runs by itself (engine `reference`).
        room: what fits into a batch; its budget is halved when memory does not suffice.
        waiting, taken: pieces not begun, and those whose prompts are being run.
        flight, ready: what is being answered, and what is next, its prompts already run.
        static: decodes by recorded steps; None: operation by operation.
    """

    model: LoadedModel
    decoding: Decoding
    alone: bool
    room: Room
    stop: Stop
    static: StaticDecoder | None = None
    meter: Meter = field(default_factory=Meter)
    waiting: deque[list[Request]] = field(default_factory=deque)
    taken: list[list[Request]] = field(default_factory=list)
    ready: deque[Flight] = field(default_factory=deque)
    flight: Flight | None = None

    def work(self, requests: Sequence[Request]) -> None:
        """Answer requests. After a failure what was in flight starts over, without the culprit.

        Raises UserError when one request alone does not fit into memory, StoppedError on a stop.
        """
        self.waiting = deque(pieces(requests, self.room))
        while self.waiting or self.ready or self.flight:
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

    @property
    def begun(self) -> list[Request]:
        """All that memory is held for: in flight, ready, or with its prompt being run."""
        parts = [self.running, *(flight.requests for flight in self.ready), *self.taken]
        return [request for part in parts for request in part]

    def admit(self) -> None:
        """Let waiting pieces into the batch: while they fit, once there is room enough."""
        rows = list(self.running)
        while self.waiting and self.enters(rows, self.waiting[0]):
            self.taken.append(self.waiting.popleft())
            rows.extend(self.taken[-1])
        started = [flight for piece in self.taken for flight in self.started(piece)]
        if self.alone:
            self.ready.extend(started)
            self.taken, started = [], []
            if self.ready and self.flight is None:
                started = [self.ready.popleft()]
        if started:
            self.flight = Flight.joined([self.flight, *started] if self.flight else started)
            self.meter.batch(self.flight.rows.cache)
        self.taken = []  # not before they are in flight: joining may run out of memory

    def enters(self, rows: Sequence[Request], piece: Sequence[Request]) -> bool:
        """Whether a piece may join the rows of the batch now."""
        if self.alone:
            return not rows and not self.ready
        return self.room.refills(self.running) and self.room.takes(rows, piece)

    def started(self, piece: list[Request]) -> list[Flight]:
        """A piece with its prompts run; nothing when one of it broke and the rest waits again."""
        self.stop.check()
        try:
            batches = prefill(self.model, piece, self.room.copy, self.alone)
        except NonFiniteError as error:
            prompts = list(dict.fromkeys(request.example.id for request in piece))
            culprit = prompts[error.sample]
            rest = [request for request in piece if request.example.id != culprit]
            for request in piece:
                if request.example.id == culprit:
                    self.fail(request, str(error))
            if rest:
                self.waiting.appendleft(rest)
            return []
        parts = [piece] if len(batches) == 1 else [[request] for request in piece]
        return [
            Flight(rows, part, uniforms(part, self.decoding))
            for rows, part in zip(batches, parts, strict=True)
        ]

    def advance(self) -> None:
        """One token for every row in flight."""
        if self.flight is None:
            return
        ended, broken = step(self.model, self.flight, self.decoding)
        for request, answer in ended:
            self.record(request, answer)
        for request in broken:
            self.fail(request, BROKEN)
        if not self.flight.requests:
            self.flight = None
        elif self.static is not None:
            self.static.advance(self.flight, self.decoding.max_new_tokens)
        else:
            advance(self.model, self.flight)

    def start_over(self) -> None:
        """Put what was in flight back in front of what waits."""
        again = self.begun
        left = [request for piece in self.waiting for request in piece]
        self.flight, self.taken, self.ready = None, [], deque()
        self.waiting = deque(pieces([r for r in (*again, *left) if self.pending(r)], self.room))

    def shrink(self, error: torch.OutOfMemoryError) -> None:
        """Halve the budget; UserError when a single request is too large."""
        rows = self.begun
        if len(rows) == 1:
            raise UserError(
                f"Example {rows[0].example.id} with {rows[0].tokens} prompt tokens does not fit "
                "the device's memory even alone; use a larger device, several "
                "(device_map: auto), or a smaller dtype."
            ) from error
        self.room = replace(self.room, budget=self.room.cost(rows) // 2)
        if self.static is not None:
            self.static.clear()
        torch.cuda.empty_cache()

    def fail(self, request: Request, reason: str) -> None:
        """Note why an example has no answer."""
        request.branch.failed[request.example.id] = reason

    def pending(self, request: Request) -> bool:
        """False once the example is answered or known to fail."""
        return request.branch.pending(request.example.id)

    def record(self, request: Request, found: Answer) -> None:
        """Keep an answer."""
        example = request.example
        row: Row = {
            "id": example.id,
            "cluster": example.cluster,
            "image": None if example.image is None else example.image.name,
            "prompt": example.prompt,
            "text": self.model.text(found.ids),
            "seed": request.branch.seed,
            "prompt_tokens": request.tokens,
            "new_tokens": len(found.ids),
            "finish": found.finish,
        }
        request.branch.record(row)
