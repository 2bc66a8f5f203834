"""Tensors and ids that several tests share."""

from __future__ import annotations

import torch

PARTS = {
    "kv{b}-uniform": ("uniform", "uniform"),
    "kv{b}-or2": ("or2", "or2"),
    "kv{b}-t32": ("t32", "t32"),
    "kv{b}-c16": ("c16", "c16"),
    "kv{b}-cN": ("cN", "cN"),
    "kv{b}-kcN-vt32": ("cN", "t32"),
    "kv{b}-kc16-vt32": ("c16", "t32"),
    "kv{b}-kt32-vc16": ("t32", "c16"),
}
IDS = tuple(pattern.format(b=bits) for pattern in PARTS for bits in (2, 3, 4, 8))
TWO_BIT = tuple(pattern.format(b=2) for pattern in PARTS)


def random_kv(
    *shape: int, seed: int = 0, dtype: torch.dtype = torch.float32
) -> tuple[torch.Tensor, torch.Tensor]:
    """K with channel outliers, as real keys have, and V; [batch, kv_heads, tokens, head_dim]."""
    generator = torch.Generator().manual_seed(seed)
    k = torch.randn(*shape, generator=generator)
    k[..., 1] *= 12
    return k.to(dtype), torch.randn(*shape, generator=generator).to(dtype)


def split_id(text: str) -> tuple[str, str, int]:
    """Part of K, part of V, bits of one of IDS."""
    bits, rest = int(text[2]), text[4:]
    return (*PARTS["kv{b}-" + rest], bits)
