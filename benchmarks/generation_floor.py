"""What the arithmetic alone costs: FLOPs of a workload with every shared part done once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def prefix_tokens(geometry: dict[str, Any]) -> int:
    """BOS, the words before the picture, the picture: the same for all questions about it."""
    return 1 + int(geometry["system_tokens"]) + int(geometry["picture"]["tokens"])


def prompt_tokens(geometry: dict[str, Any], question: str) -> int:
    """A whole prompt: the prefix, the question's words, and the one word behind them."""
    return prefix_tokens(geometry) + len(question.split()) + 1


def widest_product(geometry: dict[str, Any], prompts: Sequence[int]) -> list[int]:
    """Rows, inner size and columns of a prompt's widest product, as each layer's MLP does it."""
    return [max(prompts), geometry["decoder"]["hidden"], geometry["decoder"]["mlp"]]


def vision_flops(geometry: dict[str, Any]) -> float:
    """One picture through the tower (all but its last layer is used) and the projector."""
    see, hidden = geometry["vision"], geometry["decoder"]["hidden"]
    tokens = (see["image"] // see["patch"]) ** 2 + 1
    block = 4 * see["hidden"] ** 2 + 2 * see["hidden"] * see["mlp"]
    attention = 4 * tokens**2 * see["hidden"]
    patches = 2 * tokens * 3 * see["patch"] ** 2 * see["hidden"]
    projector = 2 * tokens * (see["hidden"] * hidden + hidden**2)
    tile = (see["layers"] - 1) * (2 * tokens * block + attention) + patches + projector
    return float(geometry["picture"]["tiles"] * tile)


def decoder_flops(geometry: dict[str, Any], new: int, before: int) -> float:
    """`new` tokens behind `before` cached ones, causal, without the head."""
    say = geometry["decoder"]
    kv = say["hidden"] * say["kv_heads"] // say["heads"]
    block = 2 * say["hidden"] ** 2 + 2 * say["hidden"] * kv + 3 * say["hidden"] * say["mlp"]
    seen = new * before + new * (new + 1) / 2
    return float(say["layers"] * (2 * new * block + 4 * seen * say["hidden"]))


def workload_flops(
    geometry: dict[str, Any], prompts: Sequence[int], per_image: int, new: int
) -> float:
    """All questions: picture and prefix once an image, the rest of each prompt, `new` tokens."""
    head = 2 * geometry["decoder"]["hidden"] * geometry["vocabulary"]
    images, prefix = len(prompts) // per_image, prefix_tokens(geometry)
    shared = vision_flops(geometry) + decoder_flops(geometry, prefix, 0)
    own = sum(
        decoder_flops(geometry, tokens + new - 1 - prefix, prefix) + new * head
        for tokens in prompts
    )
    return images * shared + own
