"""Choosing the next token: greedy, or temperature, top-k and top-p with one number a token.

A row's random numbers come from a generator of its own, seeded by (seed, example id), and are
drawn before its first token: batch, order and resume can't touch them. One number picks the token
by the cumulated probabilities in the order of the vocabulary, so that a rounding difference of the
logits moves a choice only when the number lies that close to a boundary.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor

from lvlm_compress.benchmarks.types import Decoding
from lvlm_compress.generation.requests import Request


def uniforms(requests: Sequence[Request], decoding: Decoding) -> Tensor | None:
    """[requests, max_new_tokens] from `numbers`; None for greedy decoding, which has no seed."""
    drawn = [
        numbers(request.branch.seed, request.example.id, decoding.max_new_tokens)
        for request in requests
        if request.branch.seed is not None
    ]
    return torch.stack(drawn) if drawn else None


def numbers(seed: int, example: str, count: int) -> Tensor:
    """[count] float64 in [0, 1), from the generator of (seed, example)."""
    digest = hashlib.sha256(f"{seed}\0{example}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)
    return torch.rand(count, generator=generator, dtype=torch.float64)


def choose(logits: Tensor, decoding: Decoding, numbers: Tensor | None) -> Tensor:
    """Next token ids [rows] of logits [rows, vocabulary].

    numbers: [rows] of `uniforms`; None means greedy, ties to the smaller id.
    """
    if numbers is None:
        return logits.argmax(dim=-1)
    kept, tokens = candidates(logits.double() / decoding.temperature, decoding)
    total = kept.cumsum(dim=-1)
    at = (numbers.to(total.device).unsqueeze(1) * total[:, -1:]).clamp(max=total[:, -1:])
    index = torch.searchsorted(total, at, right=True).clamp(max=kept.shape[1] - 1)
    return tokens.gather(1, index).squeeze(1)


def candidates(scores: Tensor, decoding: Decoding) -> tuple[Tensor, Tensor]:
    """Probabilities [rows, k] and ids of what may be chosen, in the order of the vocabulary.

    The filters are transformers': the `top_k` best scores, then the smallest set of those whose
    probability reaches `top_p`. Probabilities of what is filtered out are 0.
    """
    size = scores.shape[-1]
    best, tokens = scores.topk(min(decoding.top_k or size, size), dim=-1)
    probabilities = best.softmax(dim=-1)
    if decoding.top_p < 1.0:
        before = probabilities.cumsum(dim=-1) - probabilities
        probabilities = probabilities.where(before < decoding.top_p, 0.0)
    tokens, order = tokens.sort(dim=-1)
    return probabilities.gather(1, order), tokens
