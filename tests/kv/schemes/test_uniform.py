"""Uniform by hand (spec sections 1, 2 and 12.1)."""

from __future__ import annotations

import pytest
import torch

from lvlm_compress.kv.schemes.uniform import Uniform


def column(*values: float, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.tensor(values, dtype=dtype).view(1, 1, -1, 1)


def test_half_goes_to_the_even_code() -> None:
    """Step 1: 0.5 -> 0, 1.5 -> 2, 2.5 -> 2."""
    x = column(0, 0.5, 1.5, 2.5, 3)
    assert Uniform(2).fake_quantize(x).flatten().tolist() == [0, 0, 2, 2, 3]


def test_the_zero_point_is_the_real_minimum() -> None:
    x = column(10.25, 10.5, 11.75)
    assert Uniform(2).fake_quantize(x).flatten().tolist() == [10.25, 10.25, 11.75]


@pytest.mark.parametrize("value", [0.0, -3.7, 65504.0, 1e-40])
def test_a_constant_tensor_comes_back(value: float) -> None:
    x = torch.full((1, 2, 5, 4), value)
    assert torch.equal(Uniform(4).fake_quantize(x), x)


def test_a_step_that_underflows_gives_the_minimum() -> None:
    x = column(0.0, 1e-45)
    assert Uniform(8).fake_quantize(x).flatten().tolist() == [0.0, 0.0]


def test_a_range_beyond_fp16() -> None:
    x = column(-65504, -1000, 30000, 65504, dtype=torch.float16)
    got = Uniform(2).fake_quantize(x)
    want = torch.tensor([-65504, 43669.3333 - 65504, 2 * 43669.3333 - 65504, 65504])
    assert torch.equal(got.flatten(), want.half())


def test_an_8_bit_fp16_code_is_not_moved_by_fp16_arithmetic() -> None:
    x = torch.linspace(-7.3, 11.9, 997).half().view(1, 1, -1, 1)
    low, step = -7.3, (11.9 + 7.3) / 255
    error = (Uniform(8).fake_quantize(x).double() - x.double()).abs().max()
    assert error <= step / 2 + abs(low) * 2**-10


def test_samples_do_not_share_statistics() -> None:
    x = torch.cat([column(0, 1, 2, 3), column(0, 100, 200, 300)])
    assert torch.equal(Uniform(2).fake_quantize(x), x)
