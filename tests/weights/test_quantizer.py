"""The weight quantizer of spec section 10, against its formula and its bounds."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lvlm_compress.weights.quantizer import dequantize, fake_quantize, quantize

GROUP = 128


def _weight(seed: int, rows: int = 3, groups: int = 2, shift: float = 0.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, groups * GROUP, generator=generator) * 0.1 + shift


@pytest.mark.parametrize("bits", [3, 4, 8])
def test_codes_follow_the_formula_value_by_value(bits: int) -> None:
    weight = _weight(bits)
    quantized = quantize(weight, bits, GROUP)
    top = 2**bits - 1
    for row in range(3):
        for group in range(2):
            values = [float(v) for v in weight[row, group * GROUP : (group + 1) * GROUP]]
            spread = torch.tensor(max(values)) - torch.tensor(min(values))
            scale = (spread / top).half().float()
            zero = min(max(-round(float(torch.tensor(min(values)) / scale)), 0), top)
            codes = [min(max(round(float(torch.tensor(v) / scale)) + zero, 0), top) for v in values]
            got = quantized.codes[row, group * GROUP : (group + 1) * GROUP]
            assert float(quantized.scales[row, group]) == float(scale)
            assert int(quantized.zeros[row, group]) == zero
            assert got.tolist() == codes


@settings(max_examples=80, deadline=None)
@given(
    bits=st.sampled_from([3, 4, 8]),
    seed=st.integers(0, 2**16),
    exponent=st.integers(-12, 6),
    shift=st.floats(-0.1, 0.1),
)
def test_error_is_about_half_a_step_when_the_group_spans_zero(
    bits: int, seed: int, exponent: int, shift: float
) -> None:
    weight = _weight(seed, shift=shift) * 2.0**exponent
    quantized = quantize(weight, bits, GROUP)
    error = (dequantize(quantized, torch.float32) - weight).abs().view(3, 2, GROUP)
    step = quantized.scales.float().unsqueeze(-1)
    # Half a step, plus what rounding the scale to fp16 can move the end of the range: a relative
    # 2^-11 (normal scales) or half of 2^-24 (subnormal ones), times the number of steps.
    rounding = torch.maximum(step * 2**-11, torch.full_like(step, 2**-25)) * (2**bits - 1)
    assert bool((error <= 0.5 * step + rounding + 1e-6 * step).all())
    assert int(quantized.codes.max()) <= 2**bits - 1


@pytest.mark.parametrize("bits", [3, 4, 8])
def test_zero_is_exact_when_the_group_spans_it(bits: int) -> None:
    weight = _weight(1)
    weight[:, ::7] = 0
    assert bool((fake_quantize(weight, bits, GROUP)[:, ::7] == 0).all())


def test_a_constant_group_has_a_step_and_no_nan() -> None:
    weight = torch.zeros(2, GROUP)
    weight[1] = -3e-6
    quantized = quantize(weight, 8, GROUP)
    assert bool((quantized.scales > 0).all())
    assert bool(dequantize(quantized, torch.float16).isfinite().all())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_codes_depend_on_the_values_not_on_their_dtype(dtype: torch.dtype) -> None:
    """Scales are made in fp32 and stored in fp16 before codes, whatever the dtype."""
    weight = _weight(5).to(dtype)
    assert quantize(weight, 4, GROUP).scales.dtype == torch.float16
    assert torch.equal(quantize(weight, 4, GROUP).codes, quantize(weight.float(), 4, GROUP).codes)
    assert fake_quantize(weight, 4, GROUP).dtype == dtype


def test_the_arguments_are_not_touched() -> None:
    weight = _weight(2)
    before = weight.clone()
    fake_quantize(weight, 3, GROUP)
    assert torch.equal(weight, before)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_weight_that_is_not_finite_is_refused(bad: float) -> None:
    weight = _weight(3)
    weight[1, 5] = bad
    with pytest.raises(ValueError, match="NaN or inf"):
        quantize(weight, 4, GROUP)


def test_a_group_that_does_not_divide_is_refused() -> None:
    with pytest.raises(ValueError, match="100 inputs"):
        quantize(torch.zeros(2, 100), 4, GROUP)
