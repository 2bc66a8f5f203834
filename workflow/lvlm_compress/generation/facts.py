"""What a run tells about itself: speed, memory, KV storage. Nothing here touches an answer."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import torch

from lvlm_compress.kv.cache import KVCache


@dataclass
class Meter:
    """Collects facts while batches run; KV sizes are those right after the prompts."""

    started: float = field(default_factory=time.perf_counter)
    answered: int = 0
    rows: int = 0
    stored: float = 0.0
    unquantized: float = 0.0
    largest: float = 0.0
    nominal: float = 0.0

    def prompts(self, cache: KVCache, rows: int) -> None:
        """Note rows whose prompts are in the cache."""
        bits = cache.stored_bits()
        self.rows += rows
        self.stored += bits["bytes"]
        self.unquantized += bits["bytes_fp16"]
        self.nominal = bits["nominal_bits"]

    def batch(self, cache: KVCache) -> None:
        """Note a batch that is about to run."""
        self.largest = max(self.largest, cache.stored_bits()["peak_bytes"])

    def facts(self) -> dict[str, Any]:
        """The facts as JSON values; bytes are a prompt's mean, bits those of a K or V value."""
        seconds = time.perf_counter() - self.started
        return {
            "answered": self.answered,
            "seconds": round(seconds, 3),
            "examples_per_second": round(self.answered / seconds, 3) if seconds else None,
            "kv_nominal_bits": self.nominal,
            "kv_bytes_per_prompt": self.stored / self.rows if self.rows else None,
            "kv_share_of_unquantized": self.stored / self.unquantized if self.unquantized else None,
            "kv_peak_bytes_of_a_batch": self.largest,
            "peak_memory_bytes": peak_memory(),
        }


def peak_memory() -> int:
    """Largest memory of this process so far: the GPU's where there is one, else resident."""
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
