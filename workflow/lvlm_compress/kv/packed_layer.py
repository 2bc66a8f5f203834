"""Packed storage: codes, parameters and outliers instead of values; no pad is stored.

Attention needs values, so each step unpacks the layer it runs; only one layer is ever unpacked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from lvlm_compress.kv.layer import KVLayer
from lvlm_compress.kv.packed_tensor import PackedTensor, pack_tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from lvlm_compress.kv.batch_state import BatchState
    from lvlm_compress.kv.counters import Counters
    from lvlm_compress.kv.scheme import KVScheme
    from lvlm_compress.kv.tensor_scheme import TensorScheme


class SampleStore:
    """One tensor of one sample: packed tokens and, behind them, a tail in model dtype."""

    def __init__(self, tail: Tensor, packed: PackedTensor | None = None) -> None:
        self.tail, self.packed = tail, packed

    def values(self) -> Tensor:
        """All tokens, [1, kv_heads, tokens, head_dim]."""
        if self.packed is None:
            return self.tail
        return torch.cat([self.packed.values(), self.tail], dim=2)

    def held_bits(self) -> int:
        """Bits of all buffers."""
        return 8 * self.tail.nbytes + (self.packed.held_bits if self.packed else 0)

    def quantize(self, scheme: TensorScheme, start: int, stop: int, param_bits: int) -> None:
        """Move tokens start..stop-1 into the packed part, all over again when start is 0."""
        values = self.values() if start == 0 else self.tail
        fresh = pack_tensor(scheme, values[:, :, : stop - start], param_bits)
        self.tail = values[:, :, stop - start :].clone()
        self.packed = self.packed.join(fresh) if self.packed and start else fresh

    def cut(self, tokens: int) -> SampleStore:
        """The first tokens."""
        quantized = self.packed.tokens if self.packed else 0
        tail = self.tail[:, :, : max(tokens - quantized, 0)].clone()
        if not self.packed or tokens >= quantized:
            return SampleStore(tail, self.packed)
        return SampleStore(tail, self.packed.cut(tokens) if tokens else None)

    def copy(self) -> SampleStore:
        """For repeated samples; tensors are never written to, so they are shared."""
        return SampleStore(self.tail, self.packed)


class Layer(KVLayer):
    """Keeps a store for K and one for V of each sample."""

    def __init__(self, scheme: KVScheme, state: BatchState, index: int) -> None:
        super().__init__(scheme, state, index)
        if state.offset:
            raise ValueError("Packed storage holds all tokens itself; it takes no `shared` ones.")

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """Also start the stores."""
        super().lazy_initialization(key_states, value_states)
        self.shape, self.columns = key_states.shape, 0
        self.stores = {
            "k": [SampleStore(row[None, :, :0].clone()) for row in key_states],
            "v": [SampleStore(row[None, :, :0].clone()) for row in value_states],
        }

    def get_seq_length(self) -> int:
        """Columns, pads included."""
        return self.columns if self.is_initialized else 0

    def append(self, k: Tensor, v: Tensor) -> None:
        """Valid tokens behind the tails."""
        start, stop = self.columns, self.columns + k.shape[2]
        mask = self.state.valid(start, stop)
        for name, x in (("k", k), ("v", v)):
            for sample, store in enumerate(self.stores[name]):
                new = x[sample : sample + 1]
                new = new if mask is None else new[:, :, mask[sample].to(new.device)]
                store.tail = torch.cat([store.tail, new], dim=2)
        self.columns = stop

    def quantize(self, counters: Counters, ranges: dict[int, tuple[int, int]]) -> None:
        """Pack."""
        stores = self.stores["k" if counters is self.k else "v"]
        for sample, (start, stop) in ranges.items():
            param_bits = self.schemes[sample].param_bits
            stores[sample].quantize(counters.schemes[sample], start, stop, param_bits)

    def stored(self) -> tuple[Tensor, Tensor]:
        """All tokens unpacked to their columns, zeros in pads."""
        return self._unpacked("k"), self._unpacked("v")

    def _unpacked(self, name: str) -> Tensor:
        _, heads, _, head_dim = self.shape
        stores = self.stores[name]
        size = (len(stores), heads, self.columns, head_dim)
        out = torch.zeros(size, dtype=self.dtype, device=self.device)
        for sample, store in enumerate(stores):
            values = store.values()
            if values.shape[2]:
                columns = self.state.columns.select(sample, 0, values.shape[2])
                where = columns if isinstance(columns, slice) else list(columns)
                out[sample : sample + 1, :, where] = values
        return out

    def storage_bits(self) -> int:
        """Bits of all buffers as they are."""
        if not self.is_initialized:
            return 0
        return sum(store.held_bits() for stores in self.stores.values() for store in stores)

    def cut(self, columns: int, tokens: list[int]) -> None:
        """Keep the first columns, which hold so many tokens of each sample."""
        for stores in self.stores.values():
            stores[:] = [store.cut(kept) for store, kept in zip(stores, tokens, strict=True)]
        self.columns = columns

    def fork(self, other: KVLayer, samples: Sequence[int], schemes: Sequence[KVScheme]) -> None:
        """Copy the stores."""
        super().fork(other, samples, schemes)
        assert isinstance(other, Layer)
        self.shape, self.columns = other.shape, other.columns
        self.stores = {name: [s[i].copy() for i in samples] for name, s in other.stores.items()}

    def absorb(self, layers: Sequence[KVLayer], pads: Sequence[int]) -> None:
        """Take over the stores; pads are not stored."""
        super().absorb(layers, pads)
        parts = [layer for layer in layers if isinstance(layer, Layer)]
        self.columns = parts[0].columns + pads[0]
        _, heads, _, head_dim = parts[0].shape
        self.shape = torch.Size((len(self.k.quantized), heads, 0, head_dim))
        self.stores = {n: [s.copy() for part in parts for s in part.stores[n]] for n in ("k", "v")}

    def select_samples(self, samples: Tensor) -> None:
        """Follow with the stores."""
        super().select_samples(samples)
        if self.is_initialized:
            for stores in self.stores.values():
                stores[:] = [stores[sample].copy() for sample in samples.tolist()]
