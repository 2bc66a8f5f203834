"""KV-cache quantization: eight schemes, their storage, and one cache for every model family."""

from __future__ import annotations

from lvlm_compress.kv.scheme import KVScheme

__all__ = ["KVScheme"]
