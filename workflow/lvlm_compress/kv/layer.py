"""One decoder layer of the cache: when what is quantized (spec section 4).

`KVLayer` holds the rules; how values are kept is left to a subclass (simulated or packed).
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

import torch
from transformers.cache_utils import DynamicLayer

from lvlm_compress.kv.accounting import Widths, tensor_bits
from lvlm_compress.kv.counters import Counters
from lvlm_compress.kv.finite import require_finite

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from torch import Tensor

    from lvlm_compress.kv.batch_state import BatchState
    from lvlm_compress.kv.scheme import KVScheme


class KVLayer(DynamicLayer):  # type: ignore[misc]
    """Appends K and V, quantizes what is due, hands everything to attention.

    Args:
        scheme: what to quantize and how.
        state: phase and mask of the batch, shared by all layers.
        index: the layer's number, for error messages.
    """

    keys: Tensor
    values: Tensor

    def __init__(self, scheme: KVScheme, state: BatchState, index: int) -> None:
        super().__init__()
        self.scheme, self.state, self.index = scheme, state, index
        self.schemes: list[KVScheme] = []
        self.k, self.v = Counters(), Counters()
        self.dtype: torch.dtype
        self.device: torch.device
        self.peak_bits = 0

    @abstractmethod
    def append(self, k: Tensor, v: Tensor) -> None:
        """Store new columns unquantized."""

    @abstractmethod
    def quantize(self, counters: Counters, ranges: dict[int, tuple[int, int]]) -> None:
        """Quantize tokens start..stop-1 of some samples of the tensor that `counters` counts."""

    @abstractmethod
    def stored(self) -> tuple[Tensor, Tensor]:
        """K and V of all columns, [batch, kv_heads, columns, head_dim]."""

    @abstractmethod
    def cut(self, columns: int, tokens: list[int]) -> None:
        """Keep the first columns, which hold so many tokens of each sample."""

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """Take dtype, device and batch size from the first K and V."""
        super().lazy_initialization(key_states, value_states)
        self.begin(self.scheme, key_states.shape[0])
        self.width = key_states.shape[1] * key_states.shape[3]

    def begin(self, scheme: KVScheme, samples: int) -> None:
        """So many new samples, all by one scheme."""
        self.schemes = [scheme] * samples
        self.k.start(scheme.k, self.state.offset, samples)
        self.v.start(scheme.v, self.state.offset, samples)

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Take the K and V of a forward step, return what attention sees.

        key_states, value_states: [batch, kv_heads, new columns, head_dim], left as they are.
        Raises NonFiniteError when a valid value is NaN or infinite.
        """
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        before = self.get_seq_length()
        after = before + key_states.shape[2]
        require_finite(key_states, value_states, self.state.valid(before, after), self.index)
        decoding = self.state.phase == "decode"
        # The triggers of a decode step look at what was stored before it; quantizing after the
        # append is the same and leaves tensors that an earlier step handed out untouched.
        due = self._triggered(before) if decoding else {}
        if due:
            self.note_peak()
        self.append(key_states, value_states)
        self._quantize_due(due if decoding else self._ordered("before", after))
        return self.stored()

    def triggered(self) -> dict[int, int]:
        """Stored tokens of the samples that the next decode step quantizes first."""
        return self._triggered(self.get_seq_length())

    def requantize(self, lengths: dict[int, int]) -> None:
        """Quantize what is due of samples with so many stored tokens."""
        self.note_peak()
        self._quantize_due(lengths)

    def finish_prefill(self) -> None:
        """With order "after": the prompt has been attended to, now quantize it."""
        if self.is_initialized:
            due = self._ordered("after", self.get_seq_length())
            if due:
                self.note_peak()
                self._quantize_due(due)

    def fork(self, other: KVLayer, samples: Sequence[int], schemes: Sequence[KVScheme]) -> None:
        """Start as copies of some samples of a layer that has seen their prompts.

        schemes: of each copy; where it differs from the original's, nothing is quantized yet.
        """
        self.dtype, self.device, self.width = other.dtype, other.device, other.width
        self.k.extend(other.k)
        self.v.extend(other.v)
        self.k.select(samples)
        self.v.select(samples)
        self.schemes = list(schemes)
        self.k.schemes = [scheme.k for scheme in schemes]
        self.v.schemes = [scheme.v for scheme in schemes]
        self.is_initialized = True

    def absorb(self, layers: Sequence[KVLayer], pads: Sequence[int]) -> None:
        """Take over the samples of layers that have been used, with so many pads before each."""
        first = layers[0]
        self.dtype, self.device, self.width = first.dtype, first.device, first.width
        for layer in layers:
            self.schemes = self.schemes + layer.schemes
            self.k.extend(layer.k)
            self.v.extend(layer.v)
        self.peak_bits = sum(layer.peak_bits for layer in layers)
        self.is_initialized = True

    def _quantize_due(self, lengths: dict[int, int]) -> None:
        for counters in (self.k, self.v):
            ranges = counters.due(lengths)
            if ranges:
                self.quantize(counters, ranges)
                counters.done(ranges)

    def _lengths(self, columns: int) -> dict[int, int]:
        samples = range(len(self.k.quantized))
        return {sample: self.state.columns.tokens(sample, columns) for sample in samples}

    def _ordered(self, order: str, columns: int) -> dict[int, int]:
        lengths = self._lengths(columns)
        return {s: length for s, length in lengths.items() if self.schemes[s].order == order}

    def _triggered(self, columns: int) -> dict[int, int]:
        lengths = self._lengths(columns)
        return {s: n for s, n in lengths.items() if n % self.schemes[s].stream_gap == 0}

    def dtype_bits(self) -> int:
        """Bits of an unquantized value."""
        return self.dtype.itemsize * 8 if self.is_initialized else 16

    def storage_bits(self) -> int:
        """Bits that the scheme needs for all samples' K and V as they are now (p = 16)."""
        widths = Widths(dtype_bits=self.dtype_bits())
        lengths = self._lengths(self.get_seq_length())
        total = 0
        for counters in (self.k, self.v):
            for sample, quantized in enumerate(counters.quantized):
                residual = lengths[sample] - quantized
                scheme = counters.schemes[sample]
                total += tensor_bits(scheme, quantized, residual, self.width, widths)
        return total

    def valid_values(self) -> int:
        """Number of valid values in K and V of all samples."""
        if not self.is_initialized:
            return 0
        return 2 * sum(self._lengths(self.get_seq_length()).values()) * self.width

    def note_peak(self) -> None:
        """Remember the size if it is the largest so far; called before anything shrinks."""
        if self.is_initialized:
            self.peak_bits = max(self.peak_bits, self.storage_bits())

    def reset(self) -> None:
        """Forget everything."""
        super().reset()
        self.schemes, self.k, self.v, self.peak_bits = [], Counters(), Counters(), 0

    def require_cut(self, tokens_to_remove: int) -> None:
        """Raise ValueError if removing so many columns would cut a group apart."""
        if self.is_initialized:
            kept = list(self._lengths(self.get_seq_length() + tokens_to_remove).values())
            self.k.require_cut(kept)
            self.v.require_cut(kept)

    def crop(self, tokens_to_remove: int) -> None:
        """Remove the last columns, at most back to a group boundary; the number is negative."""
        if tokens_to_remove > 0:
            raise ValueError(f"crop takes minus the number of columns, not {tokens_to_remove}.")
        self.require_cut(tokens_to_remove)
        if self.is_initialized:
            self.note_peak()
            columns = self.get_seq_length() + tokens_to_remove
            kept = list(self._lengths(columns).values())
            self.k.cut(kept)
            self.v.cut(kept)
            self.cut(columns, kept)

    def select_samples(self, samples: Tensor) -> None:
        """Keep, repeat or reorder samples: an index tensor into the batch."""
        if self.is_initialized:
            self.note_peak()
            chosen = samples.tolist()
            self.schemes = [self.schemes[sample] for sample in chosen]
            self.k.select(chosen)
            self.v.select(chosen)

    def reorder_cache(self, beam_idx: Tensor) -> None:
        """Follow a beam search."""
        self.select_samples(beam_idx)

    def batch_select_indices(self, indices: Tensor) -> None:
        """Keep some samples."""
        self.select_samples(torch.arange(len(self.k.quantized))[indices.cpu()])

    def batch_repeat_interleave(self, repeats: int) -> None:
        """Repeat each sample."""
        self.select_samples(torch.arange(len(self.k.quantized)).repeat_interleave(repeats))
