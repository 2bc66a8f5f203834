"""Bits by formula and by buffer (spec sections 7 and 12.7)."""

from __future__ import annotations

import pytest
import torch

from lvlm_compress.kv import KVScheme
from lvlm_compress.kv.cache import KVCache
from tests.kv.samples import IDS, TWO_BIT, random_kv


@pytest.mark.parametrize(
    ("text", "tokens", "width", "effective"),
    [
        ("kv2-t128", 700, 4096, 2.25),
        ("kv3-t64", 700, 4096, 3.5),
        ("kv4-t32", 700, 4096, 5.0),
        ("kv4-c128", 640, 4096, 4.25),
        ("kv2-c256", 512, 4096, 2.125),
        ("kv2-cN", 700, 4096, 2 + 32 / 700),
        ("kv8-uniform", 700, 4096, 8 + 32 / (700 * 4096)),
        ("kv2-or2", 700, 4096, 2 + 2 * 28672 * 48 / (700 * 4096) + 32 / (700 * 4096)),
        ("fp16", 700, 4096, 16),
        ("k4v2-t128", 700, 4096, 3.25),
    ],
)
def test_effective_bits_of_the_spec(text: str, tokens: int, width: int, effective: float) -> None:
    bits = KVScheme.parse(text).storage_bits(tokens, width // 128, 128)
    assert bits / (2 * tokens * width) == pytest.approx(effective, rel=1e-12)


def test_residual_tokens_count_at_their_real_width() -> None:
    """A 650-token prompt leaves 10 tokens of g-C_128 in model dtype."""
    bits = KVScheme.parse("kv2-c128").storage_bits(650, 32, 128)
    assert bits == 2 * (640 * 4096 * 2 + 640 // 128 * 4096 * 2 * 16 + 10 * 4096 * 16)
    short = KVScheme.parse("kv2-c128").storage_bits(100, 32, 128)
    assert short == KVScheme.parse("fp16").storage_bits(100, 32, 128) == 2 * 100 * 4096 * 16


def test_widths_of_parameters_indices_and_values() -> None:
    scheme, values = KVScheme.parse("kv2-or2"), 100 * 256
    bits = scheme.storage_bits(100, 4, 64, param_bits=32, index_bits=15, dtype_bits=32)
    assert bits == 2 * (2 * values + 2 * 256 * (32 + 15) + 2 * 32)


def test_the_cost_of_llava_in_fp16() -> None:
    """0.5 MiB a token for 7B: 32 layers of 32 x 128."""
    assert KVScheme.parse("fp16").storage_bits(1, 32, 128) * 32 / 8 == 2**19


@pytest.mark.parametrize("param_bits", [16, 32])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("text", IDS)
def test_the_buffers_hold_what_the_formula_says(
    text: str, dtype: torch.dtype, param_bits: int
) -> None:
    k, v = random_kv(2, 4, 75, 16, dtype=dtype)
    scheme = KVScheme.parse(text, storage="packed", param_bits=param_bits)
    cache = KVCache(scheme, 1)
    cache.update(k, v, 0)
    bits = scheme.storage_bits(75, 4, 16, param_bits, 32, dtype.itemsize * 8)
    assert cache.stored_bits()["bytes"] == 2 * bits / 8


@pytest.mark.parametrize("text", TWO_BIT)
def test_ties_at_the_outlier_threshold_change_no_size(text: str) -> None:
    k, v = (x.round() for x in random_kv(1, 4, 75, 16, dtype=torch.float16))
    packed = KVScheme.parse(text, storage="packed")
    cache = KVCache(packed, 1)
    handed = cache.update(k, v, 0)
    assert cache.stored_bits()["bytes"] == packed.storage_bits(75, 4, 16, 32) / 8
    assert torch.equal(handed[0], packed.fake_quantize(k, v)[0])


@pytest.mark.parametrize("storage", ["simulated", "packed"])
@pytest.mark.parametrize("text", [*TWO_BIT, "fp16"])
def test_a_decoding_cache_reports_size_and_peak(text: str, storage: str) -> None:
    """Right before a trigger up to gap - 1 tokens more lie there in model dtype."""
    k, v = random_kv(1, 4, 61, 16, dtype=torch.float16)
    cache = KVCache(KVScheme.parse(text, storage=storage, stream_gap=20), 1)
    cache.update(k[:, :, :40], v[:, :, :40], 0)
    first = cache.stored_bits()
    cache.decode()
    sizes = []
    for token in range(40, 61):
        cache.update(k[:, :, token : token + 1], v[:, :, token : token + 1], 0)
        sizes.append(cache.layers[0].storage_bits() / 8)
    last = cache.stored_bits()
    assert last["bytes"] == sizes[-1]
    assert last["peak_bytes"] == max(sizes)
    assert last["bytes_fp16"] == 61 * 64 * 2 * 2
    assert last["effective_bits"] == pytest.approx(8 * sizes[-1] / (2 * 61 * 64))
    assert first["nominal_bits"] == (16 if text == "fp16" else 2)
    if storage == "simulated":
        assert first["bytes"] == KVScheme.parse(text).storage_bits(40, 4, 16) / 8


def test_pads_are_not_counted() -> None:
    k, v = random_kv(2, 4, 40, 16)
    mask = torch.ones(2, 40, dtype=torch.bool)
    mask[0, :24] = False
    scheme = KVScheme.parse("kv2-c16")
    cache = KVCache(scheme, 1, mask)
    cache.update(k, v, 0)
    want = sum(scheme.storage_bits(n, 4, 16, dtype_bits=32) for n in (16, 40))
    assert cache.stored_bits()["bytes"] == want / 8
