"""A shared part whose tensors stay where they are, for recorded steps."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lvlm_compress.generation.shared_attention import SharedPart


@dataclass(frozen=True)
class StaticPart:
    """Room for the common tokens of some pictures; `attend` takes it for a `SharedPart`.

    Attributes:
        keys, values: as of `SharedPart`.
        slots: its two tables. Rows of nobody's stand in neither: what they get is not used.
    """

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]
    slots: tuple[Tensor, Tensor]

    @classmethod
    def of(cls, memory: list[Tensor], like: SharedPart, shape: PartShape, rows: int) -> StaticPart:
        """Views of flat memory, K and V of a layer in turn; keys lie by head_dim."""
        _, heads, _, dim = like.values[0].shape
        size = (shape.pictures, heads, shape.tokens, dim)
        turned = (shape.pictures, heads, dim, shape.tokens)
        count = torch.Size(size).numel()
        flat = [held[:count] for held in memory]
        device = memory[0].device
        table = torch.zeros(shape.pictures, shape.slots, dtype=torch.long, device=device)
        places = torch.zeros(rows, dtype=torch.long, device=device)
        return cls(
            tuple(held.view(turned).transpose(2, 3) for held in flat[::2]),
            tuple(held.view(size) for held in flat[1::2]),
            (table, places),
        )

    def settle(self, part: SharedPart) -> None:
        """Take over a part; pictures beyond its own are zeros."""
        count = part.keys[0].shape[0]
        for rooms, tensors in ((self.keys, part.keys), (self.values, part.values)):
            for room, tensor in zip(rooms, tensors, strict=True):
                room[:count] = tensor
                room[count:] = 0
        table, places = part.slots
        own_table, own_places = self.slots
        own_table.zero_()
        own_table[:count, : table.shape[1]] = table
        # A row's place counts slots of all pictures before its own, of which there may be more.
        picture, slot = places // table.shape[1], places % table.shape[1]
        own_places.zero_()
        own_places[: len(places)] = picture * own_table.shape[1] + slot


@dataclass(frozen=True)
class PartShape:
    """What a step is recorded for: pictures, the most rows of one, tokens of each."""

    pictures: int
    slots: int
    tokens: int

    @classmethod
    def of(cls, part: SharedPart | None) -> PartShape | None:
        """The shape that a part needs."""
        if part is None:
            return None
        pictures, slots = part.slots[0].shape
        return cls(pictures, slots, part.tokens)
