"""What a run tells about itself: speed, memory, KV storage. Nothing here touches an answer.

KV sizes follow from the answers alone: a resumed run tells the same as an uninterrupted one.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import torch

from lvlm_compress.kv.cache import KVCache
from lvlm_compress.kv.scheme import KVScheme
from lvlm_compress.models.adapter import KVGeometry


@dataclass
class Meter:
    """Collects what this run did: seconds and memory, of all cells that it answered together."""

    started: float = field(default_factory=time.perf_counter)
    largest: float = 0.0

    def batch(self, cache: KVCache) -> None:
        """Note a batch that is about to run."""
        self.largest = max(self.largest, cache.stored_bits()["peak_bytes"])

    def facts(self, answered: int, cells: int) -> dict[str, Any]:
        """The facts as JSON values; answered: by this run, for all of its cells."""
        seconds = time.perf_counter() - self.started
        return {
            "cells_together": cells,
            "seconds": round(seconds, 3),
            "examples_per_second": round(answered / seconds, 3) if seconds else None,
            "kv_peak_bytes_of_a_batch": self.largest,
            "peak_memory_bytes": peak_memory(),
        }


def kv_facts(
    rows: Sequence[Mapping[str, Any]], scheme: KVScheme, geometry: KVGeometry, dtype_bits: int
) -> dict[str, Any]:
    """Stored bits and bytes of K and V over all layers (spec section 7); nothing without rows.

    A prompt's size is that right after prefill. The peak is the largest row's prompt with all its
    generated tokens in model dtype. Parameters have 16 bits, or what packed storage holds.
    """
    if not rows:
        return {}
    parameter = scheme.param_bits if scheme.layer_kind == "packed" else 16
    sizes = (geometry.kv_heads, geometry.head_dim)
    stored = {
        tokens: geometry.layers
        * scheme.storage_bits(tokens, *sizes, param_bits=parameter, dtype_bits=dtype_bits)
        for tokens in {row["prompt_tokens"] for row in rows}
    }
    values = 2 * geometry.layers * geometry.kv_heads * geometry.head_dim
    prompts = [row["prompt_tokens"] for row in rows]
    bits = sum(stored[tokens] for tokens in prompts)
    peak = max(
        stored[row["prompt_tokens"]] + row["new_tokens"] * values * dtype_bits for row in rows
    )
    return {
        "kv_nominal_bits": dtype_bits
        if scheme.is_identity
        else fmean((scheme.k.bits, scheme.v.bits)),
        "kv_effective_bits": round(bits / (values * sum(prompts)), 6),
        "kv_bytes_per_prompt": round(bits / 8 / len(prompts), 3),
        "kv_share_of_unquantized": round(bits / (values * dtype_bits * sum(prompts)), 6),
        "kv_peak_bytes": peak / 8,
    }


def peak_memory() -> int:
    """Largest memory of this process so far: the GPU's where there is one, else resident."""
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
