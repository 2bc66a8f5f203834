"""Simulated storage: reconstructed values in model dtype, the numbers of a quantized cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lvlm_compress.kv.apply import quantize_
from lvlm_compress.kv.column_buffer import ColumnBuffer
from lvlm_compress.kv.layer import KVLayer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from lvlm_compress.kv.counters import Counters
    from lvlm_compress.kv.scheme import KVScheme


SPARE = 64


class Layer(KVLayer):
    """Keeps K and V as transformers' dynamic layer does, pads included.

    Joined ones (large batches of long prompts) get spare columns, so that not every generated token
    copies all of them.
    """

    spare = 0

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """Also start the buffers."""
        super().lazy_initialization(key_states, value_states)
        self._hold(key_states[:, :, :0], value_states[:, :, :0])

    def append(self, k: Tensor, v: Tensor) -> None:
        """Neither arguments nor what was handed out before is ever written to."""
        self.buffers[0].append(k)
        self.buffers[1].append(v)
        self._follow()

    def quantize(self, counters: Counters, ranges: dict[int, tuple[int, int]]) -> None:
        """In place, on a copy where attention was handed the values."""
        values = self.buffers[0 if counters is self.k else 1].own()
        for scheme, part in counters.by_scheme(ranges).items():
            quantize_(scheme, values, self.state.columns, part)
        self._follow()

    def stored(self) -> tuple[Tensor, Tensor]:
        """The tensors themselves."""
        return self.buffers[0].hand_out(), self.buffers[1].hand_out()

    def cut(self, columns: int, tokens: list[int]) -> None:
        """Keep the first columns; `tokens` of each sample are among them."""
        self._hold(self.keys[:, :, :columns], self.values[:, :, :columns])

    def select_samples(self, samples: Tensor) -> None:
        """Follow with the tensors."""
        super().select_samples(samples)
        if self.is_initialized:
            rows = samples.to(self.keys.device)
            self._hold(self.keys[rows], self.values[rows], fresh=True)

    def fork(self, other: KVLayer, samples: Sequence[int], schemes: Sequence[KVScheme]) -> None:
        """Copy the tensors."""
        super().fork(other, samples, schemes)
        rows = list(samples)
        self._hold(other.keys[rows], other.values[rows], fresh=True)

    def absorb(self, layers: Sequence[KVLayer], pads: Sequence[int]) -> None:
        """Copy the tensors; pads are zeros."""
        super().absorb(layers, pads)
        self.spare = SPARE
        parts = (_stacked([pair[i] for pair in _pairs(layers)], pads) for i in (0, 1))
        self._hold(*parts, fresh=True)

    def settle(self, keys: Tensor, values: Tensor) -> None:
        """Move into larger buffers [rows, kv_heads, columns, head_dim] that stay where they are."""
        for buffer, room in zip(self.buffers, (keys, values), strict=True):
            buffer.settle(room)
        self._follow()

    def grow(self) -> None:
        """Take the next column of those buffers: a recorded step has written it."""
        for buffer in self.buffers:
            buffer.grow()
        self._follow()

    def _hold(self, keys: Tensor, values: Tensor, *, fresh: bool = False) -> None:
        self.buffers = (
            ColumnBuffer(keys, self.spare, fresh=fresh),
            ColumnBuffer(values, self.spare, fresh=fresh),
        )
        self._follow()

    def _follow(self) -> None:
        """`keys` and `values` are what transformers' own code looks at."""
        self.keys, self.values = (buffer.values for buffer in self.buffers)


def _pairs(layers: Sequence[KVLayer]) -> list[tuple[Tensor, Tensor]]:
    return [(layer.keys, layer.values) for layer in layers]


def _stacked(parts: Sequence[Tensor], pads: Sequence[int]) -> Tensor:
    """Samples of all parts, each with its pads of zeros in front."""
    rows = sum(part.shape[0] for part in parts)
    _, heads, columns, dim = parts[0].shape
    out = parts[0].new_empty(rows, heads, columns + pads[0], dim)
    row = 0
    for part, pad in zip(parts, pads, strict=True):
        out[row : row + part.shape[0], :, :pad] = 0
        out[row : row + part.shape[0], :, pad:] = part
        row += part.shape[0]
    return out
