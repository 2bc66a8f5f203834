"""OR_s by hand (spec sections 2 and 12.1)."""

from __future__ import annotations

import pytest
import torch

from lvlm_compress.kv import KVScheme
from lvlm_compress.kv.schemes.uniform import Uniform


def scheme(text: str) -> object:
    return KVScheme.parse(f"kv2-{text}").k


def test_one_outlier_from_each_end_stays_exact() -> None:
    """100 values at 2 %: k = 1; what remains is 0..3, exact at 2 bit."""
    x = torch.tensor([0.0, 1, 2, 3] * 25)
    x[7], x[60] = -1000.5, 777.25
    x = x.view(1, 1, 25, 4)
    assert torch.equal(scheme("or2").fake_quantize(x), x)
    assert not torch.equal(Uniform(2).fake_quantize(x), x)


def test_outliers_are_signed_extremes_not_magnitudes() -> None:
    x = torch.linspace(100, 199, 100).view(1, 1, 25, 4)
    flat = scheme("or2").fake_quantize(x).flatten()
    assert flat[0] == 100
    assert flat[-1] == 199
    assert (flat[1:-1].min(), flat[1:-1].max()) == (101, 198)
    assert len(flat[1:-1].unique()) == 4


@pytest.mark.parametrize("values", [1, 2, 50, 99])
def test_fewer_than_a_hundred_values_are_uniform(values: int) -> None:
    x = torch.randn(1, 1, values, 1, generator=torch.Generator().manual_seed(values))
    assert scheme("or2").outliers(values, 1) == 0
    assert torch.equal(scheme("or2").fake_quantize(x), Uniform(2).fake_quantize(x))


@pytest.mark.parametrize(
    ("text", "tokens", "width", "k"),
    [("or2", 100, 1, 1), ("or2", 650, 4096, 26624), ("or0.5", 1, 399, 0), ("or0.5", 1, 400, 1)],
)
def test_the_number_of_outliers_is_exact(text: str, tokens: int, width: int, k: int) -> None:
    assert scheme(text).outliers(tokens, width) == 2 * k


def test_constant_but_for_outliers() -> None:
    x = torch.full((1, 1, 100, 2), 5.0)
    x[0, 0, 3], x[0, 0, 4] = 9.0, -9.0
    assert torch.equal(scheme("or2").fake_quantize(x), x)
