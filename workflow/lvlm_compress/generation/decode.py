"""The token loop of a batch: finished rows leave it, the others never notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from lvlm_compress.benchmarks.types import Decoding
from lvlm_compress.generation.prefill import Rows, forward
from lvlm_compress.generation.requests import Answer
from lvlm_compress.generation.sampling import choose
from lvlm_compress.models.adapter import LoadedModel


class NoTokenError(ValueError):
    """The logits of a row name no token: NaN, or nothing but infinities."""


def decode(
    model: LoadedModel,
    rows: Rows,
    decoding: Decoding,
    numbers: Tensor | None,
    check: Callable[[], None],
) -> Iterator[tuple[int, Answer]]:
    """Yield (row of the batch, its answer) as answers end.

    numbers: [rows, max_new_tokens] from `sampling.uniforms`, None for greedy. check: called before
    each step; what it raises ends the loop.
    Raises NoTokenError for broken logits.
    """
    active = list(range(rows.logits.shape[0]))
    said: list[list[int]] = [[] for _ in active]
    rows.cache.decode()
    while active:
        check()
        require_choice(rows.logits)
        step = len(said[active[0]])
        chosen = choose(rows.logits, decoding, None if numbers is None else numbers[active, step])
        going = []
        for place, (row, token) in enumerate(zip(active, chosen.tolist(), strict=True)):
            answer = _said(said[row], token, model.stop_ids, decoding.max_new_tokens)
            if answer is None:
                going.append(place)
            else:
                yield row, answer
        if len(going) < len(active) and going:
            rows.keep(going)
            chosen = chosen[torch.tensor(going, device=chosen.device)]
        active = [active[place] for place in going]
        if active:
            advance(model, rows, chosen)


def advance(model: LoadedModel, rows: Rows, tokens: Tensor) -> None:
    """One generated token a row through the decoder; sets the logits of the next."""
    if rows.mask is not None:
        valid = rows.mask.new_ones(rows.mask.shape[0], 1)
        rows.mask = torch.cat([rows.mask, valid], dim=1)
    embeds = model.embed_ids(tokens)
    hidden = forward(model, rows.cache, embeds, rows.positions.unsqueeze(2), rows.mask)
    rows.positions = rows.positions + 1
    rows.logits = model.lm_head(hidden[:, -1])


def require_choice(logits: Tensor) -> None:
    """Raise NoTokenError if the logits [rows, vocabulary] of any row name no token."""
    best = logits.amax(dim=-1)  # NaN wins over everything
    if not bool(best.isfinite().all()):
        raise NoTokenError(
            "the logits hold NaN or infinity: overflow of the model's dtype or a broken weight file"
        )


def _said(said: list[int], token: int, stops: frozenset[int], limit: int) -> Answer | None:
    """Add a token to a row; its answer once that ends it."""
    if token in stops:
        return Answer(tuple(said), "stop")
    said.append(token)
    return Answer(tuple(said), "length") if len(said) == limit else None
