"""Simulated storage: reconstructed values in model dtype, the numbers of a quantized cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from lvlm_compress.kv.apply import quantize_
from lvlm_compress.kv.layer import KVLayer

if TYPE_CHECKING:
    from torch import Tensor

    from lvlm_compress.kv.counters import Counters


class Layer(KVLayer):
    """Keeps K and V as transformers' dynamic layer does, pads included."""

    def append(self, k: Tensor, v: Tensor) -> None:
        """New tensors: neither arguments nor what was handed out before is ever written to."""
        self.keys = torch.cat([self.keys, k], dim=-2)
        self.values = torch.cat([self.values, v], dim=-2)

    def quantize(self, counters: Counters, ranges: dict[int, tuple[int, int]]) -> None:
        """In place, on tensors made since the last hand-out."""
        store = self.keys if counters is self.k else self.values
        quantize_(counters.scheme, store, self.state.columns, ranges)

    def stored(self) -> tuple[Tensor, Tensor]:
        """The tensors themselves."""
        return self.keys, self.values

    def finish_prefill(self) -> None:
        """As the base, on copies: attention was handed the tensors as they are."""
        if self.is_initialized and self.scheme.order == "after":
            self.keys, self.values = self.keys.clone(), self.values.clone()
        super().finish_prefill()

    def cut(self, columns: int, tokens: list[int]) -> None:
        """Keep the first columns; `tokens` of each sample are among them."""
        self.keys, self.values = self.keys[:, :, :columns], self.values[:, :, :columns]

    def select_samples(self, samples: Tensor) -> None:
        """Follow with the tensors."""
        super().select_samples(samples)
        if self.is_initialized:
            self.keys = self.keys[samples.to(self.keys.device)]
            self.values = self.values[samples.to(self.values.device)]
