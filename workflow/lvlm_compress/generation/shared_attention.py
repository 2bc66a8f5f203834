"""Attention to one shared part and each row's own tokens, the shared part never copied.

An attention function of our own, registered where transformers looks them up. Handed no shared part
it is transformers' sdpa itself. With one, the rows of a picture are queries against one K and V:

    out = (exp(s1 - m) V1 + exp(s2 - m) V2) / (sum exp(s1 - m) + sum exp(s2 - m))

with s1 the scores against the shared part, s2 those against the row's own tokens, m their maximum:
the softmax over both, in one pass. Scores of 16-bit models are widened to fp32 first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

if TYPE_CHECKING:
    from lvlm_compress.generation.static_part import StaticPart

NAME = "lvlm_shared"


@dataclass(frozen=True)
class SharedPart:
    """K and V of pictures' common tokens.

    Attributes:
        keys, values: per layer [pictures, kv_heads, tokens, head_dim]; keys lie in memory by
            head_dim, as products with few queries read them (`by_dim`).
        pictures: for each row of the batch, which of them it continues.
    """

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]
    pictures: tuple[int, ...]

    @property
    def tokens(self) -> int:
        """Length of the shared part, equal for all pictures."""
        return int(self.keys[0].shape[2])

    @cached_property
    def slots(self) -> tuple[Tensor, Tensor]:
        """Rows by picture [pictures, most rows of one] (free slots repeat row 0), and where each
        row stands in that table, flattened [rows].
        """
        members: list[list[int]] = [[] for _ in range(self.keys[0].shape[0])]
        for row, picture in enumerate(self.pictures):
            members[picture].append(row)
        most = max(len(rows) for rows in members)
        table = torch.tensor([rows + [0] * (most - len(rows)) for rows in members])
        places = [p * most + members[p].index(row) for row, p in enumerate(self.pictures)]
        device = self.keys[0].device
        return table.to(device), torch.tensor(places, device=device)

    def keep(self, rows: Sequence[int]) -> SharedPart:
        """The part for some rows; pictures nobody asks about are dropped once they are half."""
        left = [self.pictures[row] for row in rows]
        used = sorted(set(left))
        if 2 * len(used) > self.keys[0].shape[0]:
            return SharedPart(self.keys, self.values, tuple(left))
        keys = tuple(by_dim(key[used]) for key in self.keys)
        values = tuple(value[used] for value in self.values)
        return SharedPart(keys, values, tuple(used.index(picture) for picture in left))

    @classmethod
    def joined(cls, parts: Sequence[SharedPart]) -> SharedPart:
        """One part for the rows of several batches, in order."""
        pictures: list[int] = []
        first = 0
        for part in parts:
            pictures.extend(first + picture for picture in part.pictures)
            first += part.keys[0].shape[0]
        layers = zip(*(part.keys for part in parts), strict=True)
        keys = tuple(by_dim(torch.cat(layer)) for layer in layers)
        values = tuple(torch.cat(layer) for layer in zip(*(p.values for p in parts), strict=True))
        return cls(keys, values, tuple(pictures))


def by_dim(keys: Tensor) -> Tensor:
    """The same keys [.., tokens, head_dim], their transposed contiguous."""
    return keys.transpose(2, 3).contiguous().transpose(2, 3)


def install(decoder: nn.Module) -> bool:
    """Let a decoder that runs sdpa run this; False for any other attention."""
    config: Any = decoder.config
    if config._attn_implementation == "sdpa":
        decoder.set_attn_implementation(NAME)  # type: ignore[operator]
    return bool(config._attn_implementation == NAME)


def attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    shared: SharedPart | StaticPart | None = None,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """The attention function; query [rows, heads, new, head_dim], the result transposed."""
    if shared is None:
        out, _ = sdpa_attention_forward(
            module, query, key, value, attention_mask, scaling=scaling, **kwargs
        )
        return out, None
    layer: int = module.layer_idx  # type: ignore[assignment]
    rows, heads, new, dim = query.shape
    kv_heads = key.shape[1]
    scale = dim**-0.5 if scaling is None else scaling
    grouped = (query * scale).reshape(rows, kv_heads, heads // kv_heads * new, dim)
    own = _own_scores(grouped, key, attention_mask, new)
    common = _by_picture(grouped, shared)
    before = _widened(common @ shared.keys[layer].transpose(2, 3))
    peak = torch.maximum(own.amax(-1, keepdim=True), _by_row(before.amax(-1, keepdim=True), shared))
    own = own.sub_(peak).exp_()
    before = before.sub_(_by_picture(peak, shared)).exp_()
    weight = own.sum(-1, keepdim=True) + _by_row(before.sum(-1, keepdim=True), shared)
    summed = _by_row(before.to(value.dtype) @ shared.values[layer], shared)
    out = (own.to(value.dtype) @ value + summed) / weight.to(value.dtype)
    return out.reshape(rows, heads, new, dim).transpose(1, 2).contiguous(), None


def _own_scores(grouped: Tensor, key: Tensor, mask: Tensor | None, new: int) -> Tensor:
    """Scores [rows, kv_heads, heads per group * new, columns], -inf where masked."""
    scores = _widened(grouped @ key.transpose(2, 3))
    columns = key.shape[2]
    if mask is None and new > 1:
        mask = torch.ones(new, columns, dtype=torch.bool, device=key.device)
        mask = mask.tril(columns - new)[None, None]
    if mask is not None:
        split = scores.view(*scores.shape[:2], -1, new, columns)
        split.masked_fill_(~mask.unsqueeze(1), -torch.inf)
    return scores


def _widened(scores: Tensor) -> Tensor:
    return scores.float() if scores.dtype in (torch.float16, torch.bfloat16) else scores


def _by_picture(x: Tensor, shared: SharedPart | StaticPart) -> Tensor:
    """[rows, kv_heads, n, d] -> [pictures, kv_heads, slots * n, d]."""
    table, _ = shared.slots
    pictures, slots = table.shape
    rows, heads, n, d = x.shape
    taken = x if pictures == 1 and slots == rows else x[table.flatten()]
    return taken.view(pictures, slots, heads, n, d).transpose(1, 2).reshape(pictures, heads, -1, d)


def _by_row(x: Tensor, shared: SharedPart | StaticPart) -> Tensor:
    """Inverse of `_by_picture`."""
    table, places = shared.slots
    pictures, slots = table.shape
    heads, d = x.shape[1], x.shape[3]
    split = x.view(pictures, heads, slots, -1, d).transpose(1, 2)
    flat = split.reshape(pictures * slots, heads, -1, d)
    return flat if pictures == 1 and slots == len(places) else flat[places]


AttentionInterface.register(NAME, attend)
AttentionMaskInterface.register(NAME, sdpa_mask)
