"""Sampling against transformers' own filters, and its independence of the batch."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lvlm_compress.benchmarks.types import Decoding
from lvlm_compress.generation.sampling import candidates, choose, numbers


@given(
    seed=st.integers(0, 1000),
    temperature=st.floats(0.2, 2.0),
    top_k=st.integers(1, 40),
    top_p=st.floats(0.05, 1.0),
)
def test_candidates_are_those_of_transformers(seed, temperature, top_k, top_p):
    from transformers.generation.logits_process import (
        TemperatureLogitsWarper,
        TopKLogitsWarper,
        TopPLogitsWarper,
    )

    scores = torch.randn(3, 30, generator=torch.Generator().manual_seed(seed)).double()
    expected = TopKLogitsWarper(top_k)(None, TemperatureLogitsWarper(temperature)(None, scores))
    if top_p < 1.0:
        expected = TopPLogitsWarper(top_p)(None, expected)
    kept, tokens = candidates(scores / temperature, Decoding(1, temperature, top_p, top_k))
    found = torch.zeros_like(scores).scatter(1, tokens, kept)
    found /= found.sum(1, keepdim=True)
    assert torch.allclose(found, expected.softmax(1), atol=1e-12)


def test_frequencies_follow_the_probabilities():
    logits = torch.tensor([[2.0, 1.0, 0.0, -1.0]])
    drawn = numbers(0, "x", 20000)
    tokens = choose(logits.expand(20000, -1), Decoding(1, 1.0), drawn)
    shares = torch.bincount(tokens, minlength=4) / 20000
    assert torch.allclose(shares.double(), logits[0].double().softmax(0), atol=0.015)


def test_numbers_belong_to_seed_and_example():
    drawn = numbers(3, "b", 8)
    assert torch.equal(numbers(3, "b", 8), drawn)
    assert torch.equal(numbers(3, "b", 3), drawn[:3])
    assert not torch.equal(numbers(4, "b", 8), drawn)
    assert len({float(numbers(3, str(i), 1)) for i in range(50)}) == 50


def test_greedy_and_the_ends_of_the_scale():
    logits = torch.tensor([[0.0, 3.0, 1.0], [5.0, 3.0, 1.0]])
    assert choose(logits, Decoding(1), None).tolist() == [1, 0]
    almost_one = torch.full((2,), 1 - 2**-53, dtype=torch.float64)
    assert choose(logits, Decoding(1, 1.0), almost_one).tolist() == [2, 2]
    assert choose(logits, Decoding(1, 1.0), almost_one * 0).tolist() == [0, 0]


@pytest.mark.parametrize("top_p", [0.9, 1.0])
def test_a_token_of_probability_zero_is_never_chosen(top_p):
    logits = torch.tensor([[-torch.inf, 0.0, -torch.inf]]).expand(3, -1)
    numbers = torch.tensor([0.0, 0.5, 1 - 2**-53], dtype=torch.float64)
    assert choose(logits, Decoding(1, 1.0, top_p), numbers).tolist() == [1, 1, 1]
