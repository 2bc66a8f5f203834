"""The quantizing KV cache, on transformers' own extension point: a `Cache` of layers.

No attention code is patched and no model family known: whatever hands K and V (after RoPE, heads
not repeated) to `Cache.update` is served, with sdpa and eager attention alike.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from transformers.cache_utils import Cache

from lvlm_compress import registry
from lvlm_compress.kv.batch_state import BatchState
from lvlm_compress.kv.scheme import LAYERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from lvlm_compress.kv.layer import KVLayer
    from lvlm_compress.kv.scheme import KVScheme


class _AllStored(Exception):  # noqa: N818 - not an error
    """The last layer's K and V of a forward pass are in the cache."""


class KVCache(Cache):  # type: ignore[misc]
    """One batch's K and V, held as a scheme says. Starts in the prefill phase.

    Args:
        scheme: the KV scheme; "fp16" equals transformers' dynamic cache bit for bit.
        num_layers: decoder layers (`config.get_text_config(decoder=True).num_hidden_layers`).
        mask: [batch, columns], True or 1 = valid, of the prompt's columns (or of its first part);
            None when no prompt column is a pad. Generated tokens are valid without being told.
        shared: leading tokens of every sample that are kept elsewhere, in their final form; at most
            `scheme.shareable_prefix` of a prefix. They count as tokens, but have no columns here.
    """

    def __init__(
        self, scheme: KVScheme, num_layers: int, mask: Tensor | None = None, shared: int = 0
    ) -> None:
        self.scheme, self.state = scheme, BatchState(offset=shared)
        self._ends_when_stored = False
        self.state.set_mask(mask)
        layer = registry.load(LAYERS[scheme.layer_kind]).Layer
        self.layers: list[KVLayer]
        super().__init__(layers=[layer(scheme, self.state, index) for index in range(num_layers)])

    def update(self, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """Take the K and V of a layer; see `layer.KVLayer.update`."""
        handed: tuple[Tensor, Tensor] = super().update(*args, **kwargs)
        layer = kwargs.get("layer_idx", args[2] if len(args) > 2 else None)
        if self._ends_when_stored and layer == len(self.layers) - 1:
            raise _AllStored
        return handed

    @contextmanager
    def only_stored(self) -> Iterator[None]:
        """Within it a forward pass is for its K and V: it ends where the last layer has them.

        What the last layer would make of them, nobody reads. Ends the pass by an exception, which
        every decoder lets through, and which this context takes.
        """
        self._ends_when_stored = True
        try:
            with suppress(_AllStored):
                yield
        finally:
            self._ends_when_stored = False

    def prefill(self) -> None:
        """From now on forward steps consume prompt tokens, be it one at a time."""
        self.state.phase = "prefill"

    def decode(self) -> None:
        """From now on each forward step consumes one generated token."""
        if self.state.phase == "prefill":
            for layer in self.layers:
                layer.finish_prefill()
        self.state.phase = "decode"

    def forked(self, samples: Sequence[int], schemes: Sequence[KVScheme]) -> KVCache:
        """A cache of its own with copies of some samples, each to be held by the scheme given.

        For seeds, which go on from one prompt by one scheme, and for schemes of order "after",
        whose prompts are the same until `decode` is called.
        """
        fork = KVCache(schemes[0], len(self.layers), shared=self.state.offset)
        fork.state.phase = self.state.phase
        mask = self.state.columns.mask
        fork.state.set_mask(None if mask is None else mask[list(samples)])
        for layer, own in zip(fork.layers, self.layers, strict=True):
            layer.fork(own, samples, schemes)
        return fork

    @classmethod
    def joined(cls, caches: Sequence[KVCache]) -> KVCache:
        """One cache with the samples of several, pads in front of the shorter ones.

        All must have the same storage, phase and number of tokens kept elsewhere.
        """
        first = caches[0]
        joined = cls(first.scheme, len(first.layers), shared=first.state.offset)
        joined.state.phase = first.state.phase
        lengths = [cache.get_seq_length() for cache in caches]
        pads = [max(lengths) - length for length in lengths]
        masks = [
            cache.state.padded(length, pad, cache._batch())
            for cache, length, pad in zip(caches, lengths, pads, strict=True)
        ]
        mask = torch.cat(masks)
        joined.state.set_mask(None if bool(mask.all()) else mask)
        for index, layer in enumerate(joined.layers):
            layer.absorb([cache.layers[index] for cache in caches], pads)
        return joined

    def extend_mask(self, mask: Tensor) -> None:
        """Describe prompt columns to come, [batch, new columns]; see `__init__` for the values."""
        self.state.extend(mask, self.get_seq_length())

    def reset(self, mask: Tensor | None = None) -> None:
        """Start over for a new batch with that mask."""
        super().reset()
        self.state.set_mask(mask)
        self.state.phase = "prefill"

    def crop(self, tokens_to_remove: int) -> None:
        """Remove the last columns (a negative number), with their part of the mask.

        Raises ValueError, and changes nothing, when quantized tokens that share statistics would be
        cut apart; `KVScheme.shareable_prefix` tells how much of a prompt can be kept.
        """
        for layer in self.layers:
            layer.require_cut(tokens_to_remove)
        super().crop(tokens_to_remove)
        self.state.crop(self.get_seq_length())

    def reorder_cache(self, beam_idx: Tensor) -> None:
        """Follow a beam search."""
        super().reorder_cache(beam_idx)
        self.state.select(beam_idx)

    def batch_repeat_interleave(self, repeats: int) -> None:
        """Repeat each sample, for several answers to one prompt."""
        batch = self._batch()
        super().batch_repeat_interleave(repeats)
        self.state.select(torch.arange(batch).repeat_interleave(repeats))

    def batch_select_indices(self, indices: Tensor) -> None:
        """Keep some samples, by index or boolean mask."""
        batch = self._batch()
        super().batch_select_indices(indices)
        self.state.select(torch.arange(batch)[indices.cpu()])

    def _batch(self) -> int:
        mask = self.state.columns.mask
        return len(self.layers[0].k.quantized) if mask is None else mask.shape[0]

    def stored_bits(self) -> dict[str, float]:
        """What the stored K and V of all layers and samples take.

        nominal_bits: mean bits of a code of K and V; effective_bits: all bits, parameters, outliers
        and residual tokens included, per valid value; bytes, peak_bytes: now, and at most since the
        start. Simulated storage counts what the scheme would take with 16-bit parameters, packed
        storage what its buffers take. bytes_fp16: the same tokens in model dtype. With order
        "after" nothing is quantized before `decode` is called.
        """
        for layer in self.layers:
            layer.note_peak()
        bits = sum(layer.storage_bits() for layer in self.layers)
        values = sum(layer.valid_values() for layer in self.layers)
        dtype_bits = self.layers[0].dtype_bits()
        codes = (self.scheme.k.bits + self.scheme.v.bits) / 2
        return {
            "nominal_bits": dtype_bits if self.scheme.is_identity else codes,
            "effective_bits": bits / values if values else 0.0,
            "bytes": bits / 8,
            "peak_bytes": sum(layer.peak_bits for layer in self.layers) / 8,
            "bytes_fp16": values * dtype_bits / 8,
        }


def replay(
    scheme: KVScheme, k: Tensor, v: Tensor, prefill: int, gap: int | None = None
) -> dict[str, tuple[Tensor, Tensor]]:
    """Drive one layer of the cache: a prompt in one step, then one token at a time.

    k, v: [batch, kv_heads, tokens, head_dim], all valid; prefill: tokens of the prompt; gap: takes
    the place of the scheme's stream_gap. Returns what attention is handed after the prompt
    ("after_prefill") and after the last token ("after_decode").
    """
    scheme = scheme if gap is None else replace(scheme, stream_gap=gap)
    cache = KVCache(scheme, num_layers=1)
    after_prefill = handed = cache.update(k[:, :, :prefill], v[:, :, :prefill], 0)
    cache.decode()
    for token in range(prefill, k.shape[2]):
        step = slice(token, token + 1)
        handed = cache.update(k[:, :, step], v[:, :, step], 0)
    return {"after_prefill": after_prefill, "after_decode": handed}
