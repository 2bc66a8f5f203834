"""Prompts into KV caches: what questions about a picture have in common once, the rest by row.

A piece is one picture's questions, or one prompt alone, for one cell or for several whose prompts
are alike. Nothing else runs with it, so the K and V of a prompt are the same whatever is answered
beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lvlm_compress.generation.requests import Request
from lvlm_compress.generation.rows import Rows
from lvlm_compress.generation.shared_attention import SharedPart, by_dim
from lvlm_compress.kv.cache import KVCache
from lvlm_compress.models.adapter import LoadedModel


def prefill(model: LoadedModel, piece: Sequence[Request], copy: bool, alone: bool) -> list[Rows]:
    """Run the prompts of a piece, each once, and start decoding: one batch, or each row its own.

    copy: what is shared is copied into every row's cache instead of being attended to in place.
    Raises NonFiniteError when K or V of a prompt is NaN or infinite.
    """
    places: dict[str, int] = {}
    for request in piece:
        places.setdefault(request.example.id, len(places))
    first = {places[request.example.id]: request for request in reversed(piece)}
    prompts = _prompts(model, [first[place] for place in range(len(places))], copy)
    rows = [places[request.example.id] for request in piece]
    schemes = [request.branch.scheme for request in piece]
    if alone and len(piece) > 1:
        started = [prompts.forked([r], [s]) for r, s in zip(rows, schemes, strict=True)]
    else:
        started = [prompts if len(places) == len(piece) else prompts.forked(rows, schemes)]
    for batch in started:
        batch.cache.decode()
    return started


def _prompts(model: LoadedModel, piece: Sequence[Request], copy: bool) -> Rows:
    """Different prompts of a piece; the cache is still in its prefill phase."""
    scheme = piece[0].branch.scheme
    count, shared = piece[0].shared, None
    cache = KVCache(scheme, model.geometry.layers)
    if count:
        _common_part(model, cache, piece[0])
        if copy:
            cache.batch_repeat_interleave(len(piece))
        else:
            shared = _taken_out(cache, len(piece))
            cache = KVCache(scheme, model.geometry.layers, shared=count)
    own = [request.tokens - count for request in piece]
    mask = _left_padded(own, before=0 if shared is not None else count)
    if mask is not None:
        cache.extend_mask(mask[:, -max(own) :])
        mask = mask.to(model.device)
    embeds, positions = _own_part(model, piece, count, max(own))
    hidden = forward(model, cache, embeds, positions, mask, shared)
    following = torch.stack([r.encoded.positions.max() + 1 for r in piece])
    following = following.expand(positions.shape[0], -1).clone()
    return Rows(cache, shared, mask, following, model.lm_head(hidden[:, -1]))


def forward(
    model: LoadedModel,
    cache: KVCache,
    embeds: Tensor,
    positions: Tensor,
    mask: Tensor | None,
    shared: SharedPart | None,
) -> Tensor:
    """Hidden states [rows, tokens, hidden] of the decoder; positions: [axes, rows, tokens]."""
    ids = positions[0] if positions.shape[0] == 1 else positions
    output = model.decoder(
        inputs_embeds=embeds,
        position_ids=ids.to(model.device),
        attention_mask=mask,
        past_key_values=cache,
        use_cache=True,
        **({} if shared is None else {"shared": shared}),
    )
    hidden: Tensor = output.last_hidden_state
    return hidden


def _common_part(model: LoadedModel, cache: KVCache, request: Request) -> None:
    """The shared tokens through the decoder, in a batch of one, for their K and V only."""
    count = request.shared
    embeds = model.embed(request.encoded, request.features)[:count]
    positions = request.encoded.positions[:, None, :count]
    with cache.only_stored():
        forward(model, cache, embeds.unsqueeze(0), positions, None, None)


def _taken_out(cache: KVCache, rows: int) -> SharedPart:
    """What the cache of one picture holds, for so many rows to attend to."""
    keys = tuple(by_dim(layer.keys) for layer in cache.layers)
    values = tuple(layer.values for layer in cache.layers)
    return SharedPart(keys, values, (0,) * rows)


def _own_part(
    model: LoadedModel, piece: Sequence[Request], count: int, width: int
) -> tuple[Tensor, Tensor]:
    """Embeddings [rows, width, hidden] and positions [axes, rows, width], padded on the left."""
    embeds, positions = [], []
    for request in piece:
        own = model.embed(request.encoded, request.features)[count:]
        pads = width - own.shape[0]
        embeds.append(torch.nn.functional.pad(own, (0, 0, pads, 0)))
        positions.append(torch.nn.functional.pad(request.encoded.positions[:, count:], (pads, 0)))
    return torch.stack(embeds), torch.stack(positions, dim=1)


def _left_padded(lengths: Sequence[int], before: int) -> Tensor | None:
    """Mask [rows, before + longest], pads between; None when all lengths are equal."""
    longest = max(lengths)
    if min(lengths) == longest:
        return None
    own = torch.arange(longest).unsqueeze(0) >= longest - torch.tensor(lengths).unsqueeze(1)
    return torch.cat([torch.ones(len(lengths), before, dtype=torch.bool), own], dim=1)
