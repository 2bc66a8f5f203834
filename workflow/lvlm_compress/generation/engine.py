"""Running requests: batches, what is done when one does not fit or breaks, recording of answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch

from lvlm_compress.benchmarks.types import Decoding, Example
from lvlm_compress.errors import UserError
from lvlm_compress.generation import batches
from lvlm_compress.generation.decode import NoTokenError, decode
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
        alone: every request is a batch of its own (engine `reference`).
        budget: KV entries of a batch; halved when memory does not suffice.
        recorded: called with each new row.
        rows, failed: by example id: finished rows, and why an example has none.
    """

    model: LoadedModel
    scheme: KVScheme
    decoding: Decoding
    seed: int | None
    alone: bool
    budget: int
    stop: Stop
    recorded: Callable[[Row], None]
    rows: dict[str, Row] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    meter: Meter = field(default_factory=Meter)

    def work(self, requests: Sequence[Request]) -> None:
        """Answer requests; a batch that breaks is cut in halves until the culprit is alone."""
        queue = deque(self.planned(requests))
        while queue:
            batch = [request for request in queue.popleft() if self.pending(request)]
            try:
                self.batch(batch)
            except (NonFiniteError, NoTokenError) as error:
                if len(batch) == 1:
                    self.failed[batch[0].example.id] = str(error)
                else:
                    queue.extendleft(batches.halves(batch))
            except torch.OutOfMemoryError as error:
                self.shrink(batch, error)
                queue = deque(self.planned([r for b in (batch, *queue) for r in b]))

    def planned(self, requests: Sequence[Request]) -> list[list[Request]]:
        """Batches of one, or as `batches.plan` says."""
        if self.alone:
            return [[request] for request in requests]
        return batches.plan(requests, self.budget, self.decoding.max_new_tokens)

    def shrink(self, batch: Sequence[Request], error: torch.OutOfMemoryError) -> None:
        """Halve the budget; UserError when a single request is too large."""
        if len(batch) == 1:
            raise UserError(
                f"Example {batch[0].example.id} with {batch[0].tokens} prompt tokens does not fit "
                "the device's memory even alone; use a larger device, several "
                "(device_map: auto), or a smaller dtype."
            ) from error
        self.budget = batches.cost(batch, self.decoding.max_new_tokens) // 2
        torch.cuda.empty_cache()

    def pending(self, request: Request) -> bool:
        """False once the example is answered or known to fail."""
        return request.example.id not in self.rows and request.example.id not in self.failed

    def batch(self, batch: Sequence[Request]) -> None:
        """Answer a batch; each row is recorded as soon as it ends."""
        if not batch:
            return
        self.stop.check()
        state = prefill(self.model, self.scheme, batch)
        self.meter.prompts(state.cache, len(batch))
        numbers = None
        if self.seed is not None:
            ids = [request.example.id for request in batch]
            numbers = uniforms(self.seed, ids, self.decoding.max_new_tokens)
        for row, found in decode(self.model, state, self.decoding, numbers, self.stop.check):
            self.record(batch[row].example, found)

    def record(self, example: Example, found: Answer) -> None:
        """Keep an answer."""
        row = {
            "id": example.id,
            "cluster": example.cluster,
            "image": None if example.image is None else example.image.name,
            "prompt": example.prompt,
            "text": self.model.text(found.ids),
            "seed": self.seed,
            "new_tokens": len(found.ids),
            "finish": found.finish,
        }
        self.rows[example.id] = row
        self.meter.answered += 1
        self.recorded(row)
