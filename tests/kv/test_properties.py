"""What holds for every scheme, bits, shape and mask (issue: KV cache, item 4)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lvlm_compress.kv import KVScheme
from lvlm_compress.kv.cache import replay

PARTS = ("uniform", "or2", "or30", "t8", "t24", "c5", "c8", "cN")
SPREADS = (1e-6, 1.0, 3e4)


@dataclass(frozen=True)
class Case:
    scheme: KVScheme
    k: torch.Tensor
    v: torch.Tensor
    mask: torch.Tensor


@st.composite
def cases(draw: st.DrawFn, dtype: torch.dtype = torch.float32) -> Case:
    bits = st.sampled_from((2, 3, 4, 8))
    part = st.sampled_from(PARTS)
    text = f"k{draw(bits)}v{draw(bits)}-k{draw(part)}-v{draw(part)}"
    heads, head_dim = draw(st.sampled_from(((1, 24), (3, 8), (6, 4))))
    batch, tokens = draw(st.integers(1, 3)), draw(st.integers(1, 23))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**16)))
    shape = (batch, heads, tokens, head_dim)
    spread, offset = draw(st.sampled_from(SPREADS)), draw(st.sampled_from((0.0, 100.0)))
    k = (torch.randn(shape, generator=generator) * spread + offset).clamp(-6e4, 6e4).to(dtype)
    v = torch.randint(-2, 3, shape, generator=generator).to(dtype)
    mask = torch.rand(batch, tokens, generator=generator) < draw(st.sampled_from((0.5, 1.1)))
    return Case(KVScheme.parse(text), k, v, mask)


@settings(max_examples=150, deadline=None)
@given(cases())
def test_a_batch_is_its_samples(case: Case) -> None:
    k_hat, v_hat = case.scheme.fake_quantize(case.k, case.v, case.mask)
    for sample, valid in enumerate(case.mask):
        one = slice(sample, sample + 1)
        alone = case.scheme.fake_quantize(case.k[one][:, :, valid], case.v[one][:, :, valid])
        assert torch.equal(k_hat[one][:, :, valid], alone[0])
        assert torch.equal(v_hat[one][:, :, valid], alone[1])
        assert torch.equal(k_hat[one][:, :, ~valid], case.k[one][:, :, ~valid])


@settings(max_examples=80, deadline=None)
@given(cases(), st.randoms(use_true_random=False))
def test_permuting_the_batch_permutes_the_result(case: Case, random: object) -> None:
    order = list(range(len(case.k)))
    random.shuffle(order)  # type: ignore[attr-defined]
    k_hat, v_hat = case.scheme.fake_quantize(case.k, case.v, case.mask)
    permuted = case.scheme.fake_quantize(case.k[order], case.v[order], case.mask[order])
    assert torch.equal(permuted[0], k_hat[order])
    assert torch.equal(permuted[1], v_hat[order])


@settings(max_examples=150, deadline=None)
@given(cases(), st.integers(0, 30), st.integers(0, 2**16))
def test_a_shareable_prefix_does_not_see_what_follows(case: Case, length: int, seed: int) -> None:
    shared = case.scheme.shareable_prefix(length)
    assert 0 <= shared <= length
    prefix = min(length, case.k.shape[2])
    shared = case.scheme.shareable_prefix(prefix)
    other = torch.Generator().manual_seed(seed)
    k, v = case.k.clone(), case.v.clone()
    for x in (k, v):
        x[:, :, prefix:] = torch.randn(x[:, :, prefix:].shape, generator=other) * 50
    full = case.scheme.fake_quantize(case.k, case.v)
    changed = case.scheme.fake_quantize(k, v)
    cut = case.scheme.fake_quantize(case.k[:, :, :prefix], case.v[:, :, :prefix])
    for a, b, c in zip(full, changed, cut, strict=True):
        assert torch.equal(a[:, :, :shared], b[:, :, :shared])
        assert torch.equal(a[:, :, :shared], c[:, :, :shared])


@settings(max_examples=150, deadline=None)
@given(cases(dtype=torch.float16))
def test_quantizing_again_changes_nothing_in_fp16(case: Case) -> None:
    """Spec section 4; in fp32 a last bit may move."""
    once = case.scheme.fake_quantize(case.k, case.v, case.mask)
    twice = case.scheme.fake_quantize(*once, case.mask)
    assert torch.equal(once[0], twice[0])
    assert torch.equal(once[1], twice[1])


@settings(max_examples=150, deadline=None)
@given(cases())
def test_no_value_moves_by_more_than_half_a_step(case: Case) -> None:
    """And none leaves its group's range; the allowance is fp32 rounding of large offsets."""
    k_hat, v_hat = case.scheme.fake_quantize(case.k, case.v)
    for scheme, x, x_hat in ((case.scheme.k, case.k, k_hat), (case.scheme.v, case.v, v_hat)):
        tokens = scheme.quantized_tokens(x.shape[2])
        assert torch.equal(x_hat[:, :, tokens:], x[:, :, tokens:])
        if tokens:
            groups = scheme.to_groups(x[:, :, :tokens].double())
            back = scheme.to_groups(x_hat[:, :, :tokens].double())
            low, high = scheme.span(groups)
            step = (high - low) / (2**scheme.bits - 1)
            rounding = 4e-7 * (high.abs() + low.abs())
            inside = (groups >= low) & (groups <= high)
            assert bool(((back - groups).abs() <= step / 2 + rounding)[inside].all())
            assert torch.equal(back[~inside], groups[~inside])
            assert bool(((back >= low) & (back <= high + rounding))[inside].all())


@settings(max_examples=60, deadline=None)
@given(cases(), st.integers(1, 6))
def test_packed_storage_is_the_simulation_bit_for_bit(case: Case, gap: int) -> None:
    tokens = case.k.shape[2]
    prefill = (tokens + 1) // 2
    packed = KVScheme.parse(str(case.scheme), storage="packed")
    want = replay(case.scheme, case.k, case.v, prefill, gap)
    got = replay(packed, case.k, case.v, prefill, gap)
    for moment in want:
        assert torch.equal(got[moment][0], want[moment][0])
        assert torch.equal(got[moment][1], want[moment][1])
