"""Prompts into a KV cache: a shared part once a picture, the rest of each prompt in its row.

Columns of a row are `[shared part | pads | rest]`; the pads are masked out, and positions count a
row's own tokens, so that a row computes what it computes alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lvlm_compress.generation.requests import Request
from lvlm_compress.kv.cache import KVCache
from lvlm_compress.kv.scheme import KVScheme
from lvlm_compress.models.adapter import LoadedModel


@dataclass
class Rows:
    """The state of a batch in flight.

    Attributes:
        cache: K and V of all rows.
        mask: bool [rows, columns]; None while no row has a pad.
        positions: [axes, rows] of each row's next token.
        logits: [rows, vocabulary] for the next token.
    """

    cache: KVCache
    mask: Tensor | None
    positions: Tensor
    logits: Tensor

    def keep(self, rows: Sequence[int]) -> None:
        """Let the other rows leave the batch."""
        index = torch.tensor(rows)
        self.cache.batch_select_indices(index)
        self.mask = self.mask[index.to(self.mask.device)] if self.mask is not None else None
        self.positions = self.positions[:, index]


def prefill(model: LoadedModel, scheme: KVScheme, batch: Sequence[Request]) -> Rows:
    """Run the prompts of a batch; all its requests share equally many tokens.

    Raises:
        NonFiniteError: K or V of a prompt is NaN or infinite.
    """
    shared = batch[0].shared
    cache = KVCache(scheme, model.geometry.layers)
    if shared:
        _shared_part(model, cache, batch, shared)
    lengths = [request.tokens - shared for request in batch]
    mask = _left_padded(lengths)
    if mask is not None:
        cache.extend_mask(mask)
        known = torch.ones(len(batch), shared, dtype=torch.bool)
        mask = torch.cat([known, mask], dim=1).to(model.device)
    embeds, positions = _rest(model, batch, shared, max(lengths))
    hidden = forward(model, cache, embeds, positions, mask)
    following = [request.encoded.positions.max() + 1 for request in batch]
    axes = positions.shape[0]
    logits = model.lm_head(hidden[:, -1])
    return Rows(cache, mask, torch.stack(following).expand(axes, -1).clone(), logits)


def forward(
    model: LoadedModel, cache: KVCache, embeds: Tensor, positions: Tensor, mask: Tensor | None
) -> Tensor:
    """Hidden states [rows, tokens, hidden] of the decoder; positions: [axes, rows, tokens]."""
    ids = positions[0] if positions.shape[0] == 1 else positions
    output = model.decoder(
        inputs_embeds=embeds,
        position_ids=ids.to(model.device),
        attention_mask=mask,
        past_key_values=cache,
        use_cache=True,
    )
    hidden: Tensor = output.last_hidden_state
    return hidden


def _shared_part(model: LoadedModel, cache: KVCache, batch: Sequence[Request], shared: int) -> None:
    """One row a picture through the decoder, then one row a request."""
    first = {request.picture: request for request in reversed(batch)}
    pictures = list(first)
    embeds = [model.embed(r.encoded, r.features)[:shared] for r in first.values()]
    positions = [r.encoded.positions[:, :shared] for r in first.values()]
    forward(model, cache, torch.stack(embeds), torch.stack(positions, dim=1), None)
    rows = [pictures.index(request.picture) for request in batch]
    if rows != list(range(len(pictures))):
        cache.batch_select_indices(torch.tensor(rows))


def _rest(
    model: LoadedModel, batch: Sequence[Request], shared: int, width: int
) -> tuple[Tensor, Tensor]:
    """Embeddings [rows, width, hidden] and positions [axes, rows, width], padded on the left."""
    embeds, positions = [], []
    for request in batch:
        own = model.embed(request.encoded, request.features)[shared:]
        pads = width - own.shape[0]
        embeds.append(torch.nn.functional.pad(own, (0, 0, pads, 0)))
        positions.append(torch.nn.functional.pad(request.encoded.positions[:, shared:], (pads, 0)))
    return torch.stack(embeds), torch.stack(positions, dim=1)


def _left_padded(lengths: Sequence[int]) -> Tensor | None:
    """Mask [rows, longest] with pads on the left; None when all lengths are equal."""
    longest = max(lengths)
    if min(lengths) == longest:
        return None
    return torch.arange(longest).unsqueeze(0) >= longest - torch.tensor(lengths).unsqueeze(1)
