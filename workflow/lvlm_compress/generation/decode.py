"""The token loop, one step at a time: choose, let finished rows go, run the others."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from lvlm_compress.benchmarks.types import Decoding
from lvlm_compress.generation.prefill import forward
from lvlm_compress.generation.requests import Answer, Request
from lvlm_compress.generation.rows import Rows
from lvlm_compress.generation.sampling import choose
from lvlm_compress.models.adapter import LoadedModel

BROKEN = (
    "the logits hold NaN or infinity: an overflow of the model's dtype, or a broken weight file"
)


@dataclass
class Flight:
    """Requests being answered.

    Attributes:
        requests: by row. said: their tokens so far. tokens: the last of each row.
        numbers: [rows, max_new_tokens] from `sampling.uniforms`; None for greedy.
    """

    rows: Rows
    requests: list[Request]
    numbers: Tensor | None
    said: list[list[int]] = field(default_factory=list)
    tokens: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.long))

    def __post_init__(self) -> None:
        self.said = self.said or [[] for _ in self.requests]

    @classmethod
    def joined(cls, flights: list[Flight]) -> Flight:
        """One flight of several."""
        numbers = [flight.numbers for flight in flights if flight.numbers is not None]
        return cls(
            Rows.joined([flight.rows for flight in flights]),
            [request for flight in flights for request in flight.requests],
            torch.cat(numbers) if numbers else None,
            [said for flight in flights for said in flight.said],
        )

    def keep(self, places: list[int]) -> None:
        """Let the other rows go."""
        if len(places) == len(self.requests):
            return
        if places:
            self.rows.keep(places)
        self.requests = [self.requests[place] for place in places]
        self.said = [self.said[place] for place in places]
        self.numbers = None if self.numbers is None else self.numbers[places]
        self.tokens = self.tokens[places]

    def current(self) -> Tensor | None:
        """The random number of each row's next token."""
        if self.numbers is None:
            return None
        return self.numbers[range(len(self.said)), [len(said) for said in self.said]]


def step(
    model: LoadedModel, flight: Flight, decoding: Decoding
) -> tuple[list[tuple[Request, Answer]], list[Request]]:
    """Give every row a token; returns (request, answer) of those that end, and the broken ones.

    Both leave the flight; the others wait for `advance`.
    """
    sound = flight.rows.logits.amax(dim=-1).isfinite().tolist()  # NaN wins over everything
    chosen = choose(flight.rows.logits.nan_to_num(), decoding, flight.current())
    flight.tokens = chosen
    ended, broken, going = [], [], []
    for place, token in enumerate(chosen.tolist()):
        request, said = flight.requests[place], flight.said[place]
        if not sound[place]:
            broken.append(request)
        elif token in model.stop_ids:
            ended.append((request, Answer(tuple(said), "stop")))
        elif len(said) + 1 == decoding.max_new_tokens:
            ended.append((request, Answer((*said, token), "length")))
        else:
            said.append(token)
            going.append(place)
    flight.keep(going)
    return ended, broken


def advance(model: LoadedModel, flight: Flight) -> None:
    """Run the last token of every row through the decoder; sets the logits of the next."""
    rows = flight.rows
    if rows.mask is not None:
        valid = rows.mask.new_ones(rows.mask.shape[0], 1)
        rows.mask = torch.cat([rows.mask, valid], dim=1)
    embeds = model.embed_ids(flight.tokens)
    positions = rows.positions.unsqueeze(2)
    hidden = forward(model, rows.cache, embeds, positions, rows.mask, rows.shared)
    rows.positions = rows.positions + 1
    rows.logits = model.lm_head(hidden[:, -1])
