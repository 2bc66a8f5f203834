"""Which process offers which variants, and which peers there is nothing to install of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from peers.variant import Variant

SCHEMES = ("fp16", "kv2-t128", "kv2-kc128-vt128", "kv2-uniform", "kv2-cN")
BATCHES = (1, 8, 16)
PROJECT = "project"
BASELINE = "transformers batch 1"
KINDS = {
    PROJECT: [
        *(f"ours {scheme}" for scheme in SCHEMES),
        *(f"transformers batch {batch}" for batch in BATCHES),
    ],
    "quanto": ["transformers QuantizedCache quanto"],
    "hqq": ["transformers QuantizedCache hqq"],
    "lmms-eval": ["lmms-eval llava_hf"],
}
NAMES = [name for names in KINDS.values() for name in names]
# The others quantize the cache: they are timed, their answers are their own.
LOSSLESS = ["ours fp16", *(f"transformers batch {batch}" for batch in BATCHES), *KINDS["lmms-eval"]]
UNAVAILABLE = {"VLMEvalKit": "it has no package in the registry"}
PACKAGES = {
    PROJECT: ["torch", "transformers"],
    "quanto": ["torch", "transformers", "optimum-quanto"],
    "hqq": ["torch", "transformers", "hqq"],
    "lmms-eval": ["torch", "transformers", "lmms-eval"],
}


def loader(kind: str, family: str) -> Callable[[Path], dict[str, Variant]]:
    """Import what a kind needs; the other kinds' packages are not in its environment."""
    if kind == "lmms-eval":
        from peers import llava_hf

        return llava_hf.variants
    from peers import generate

    if kind != PROJECT:
        return lambda checkpoint: generate.quantized(checkpoint, kind)
    from peers import ours

    return lambda checkpoint: {
        **ours.variants(checkpoint, family, SCHEMES),
        **generate.variants(checkpoint, BATCHES),
    }
