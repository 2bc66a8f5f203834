"""The state of prompts in flight, and how batches of them grow and shrink."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lvlm_compress.generation.shared_attention import SharedPart
from lvlm_compress.kv.cache import KVCache
from lvlm_compress.kv.scheme import KVScheme


@dataclass
class Rows:
    """A batch whose prompts have been run.

    Attributes:
        cache: K and V of each row's own tokens.
        shared: K and V of what rows have in common; None when the cache holds all.
        mask: bool [rows, own columns]; None while no row has a pad.
        positions: [axes, rows] of each row's next token.
        logits: [rows, vocabulary] for the next token.
    """

    cache: KVCache
    shared: SharedPart | None
    mask: Tensor | None
    positions: Tensor
    logits: Tensor

    def keep(self, rows: Sequence[int]) -> None:
        """Let the other rows leave the batch."""
        index = torch.tensor(rows)
        self.cache.batch_select_indices(index)
        self.shared = None if self.shared is None else self.shared.keep(rows)
        self.mask = None if self.mask is None else self.mask[index.to(self.mask.device)]
        self.positions = self.positions[:, index]
        self.logits = self.logits[index.to(self.logits.device)]

    def forked(self, rows: Sequence[int], schemes: Sequence[KVScheme]) -> Rows:
        """Copies of some rows, before decoding starts, each to go on by a scheme of its own."""
        index = torch.tensor(rows)
        return Rows(
            self.cache.forked(rows, schemes),
            None if self.shared is None else self.shared.keep(rows),
            None if self.mask is None else self.mask[index.to(self.mask.device)],
            self.positions[:, index],
            self.logits[index.to(self.logits.device)],
        )

    @property
    def elsewhere(self) -> int:
        """Tokens of each row in the shared part; rows join only when equal."""
        return 0 if self.shared is None else self.shared.tokens

    @classmethod
    def joined(cls, parts: Sequence[Rows]) -> Rows:
        """One batch of several, in order, pads in front of the shorter rows."""
        if len(parts) == 1:
            return parts[0]
        cache = KVCache.joined([part.cache for part in parts])
        shared = [part.shared for part in parts if part.shared is not None]
        mask = cache.state.columns.mask
        if mask is not None:
            mask = mask.to(parts[0].logits.device)
        return cls(
            cache,
            SharedPart.joined(shared) if shared else None,
            mask,
            torch.cat([part.positions for part in parts], dim=1),
            torch.cat([part.logits for part in parts]),
        )
