"""What the arithmetic alone costs: FLOPs of a workload with every shared part done once, and the
rate at which this machine multiplies matrices of such shapes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import torch


def vision_flops(geometry: dict[str, Any]) -> float:
    """One picture through the tower (all but its last layer is used) and the projector."""
    see, hidden = geometry["vision"], geometry["decoder"]["hidden"]
    tokens = (see["image"] // see["patch"]) ** 2 + 1
    block = 4 * see["hidden"] ** 2 + 2 * see["hidden"] * see["mlp"]
    attention = 4 * tokens**2 * see["hidden"]
    patches = 2 * tokens * 3 * see["patch"] ** 2 * see["hidden"]
    projector = 2 * tokens * (see["hidden"] * hidden + hidden**2)
    return (see["layers"] - 1) * (2 * tokens * block + attention) + patches + projector


def decoder_flops(geometry: dict[str, Any], new: int, before: int) -> float:
    """`new` tokens behind `before` cached ones, causal, without the head."""
    say = geometry["decoder"]
    kv = say["hidden"] * say["kv_heads"] // say["heads"]
    block = 2 * say["hidden"] ** 2 + 2 * say["hidden"] * kv + 3 * say["hidden"] * say["mlp"]
    seen = new * before + new * (new + 1) / 2
    return float(say["layers"] * (2 * new * block + 4 * seen * say["hidden"]))


def workload_flops(
    geometry: dict[str, Any], prompts: Sequence[int], prefix: int, per_image: int, new: int
) -> float:
    """All questions: picture and prefix once an image, the rest of each prompt, `new` tokens."""
    head = 2 * geometry["decoder"]["hidden"] * geometry["vocabulary"]
    images = len(prompts) // per_image
    shared = vision_flops(geometry) + decoder_flops(geometry, prefix, 0)
    own = sum(
        decoder_flops(geometry, tokens + new - 1 - prefix, prefix) + new * head
        for tokens in prompts
    )
    return images * shared + own


def gemm_rate(geometry: dict[str, Any], seconds: float = 0.5) -> float:
    """FLOP/s of a prompt's widest product, the best of several tries."""
    say = geometry["decoder"]
    a, b = torch.randn(640, say["hidden"]), torch.randn(say["hidden"], say["mlp"])
    best, until = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < until:
        started = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - started)
    return 2 * a.shape[0] * a.shape[1] * b.shape[1] / best
