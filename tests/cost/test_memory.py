"""The weights and KV parts of the formula against a mid-size model's real tensors."""

from __future__ import annotations

import pytest

from lvlm_compress.cost.geometry import geometry, read_shapes
from lvlm_compress.cost.memory import kv_bytes, memory, weight_bytes
from lvlm_compress.grid import Compression, parse_compression

TOKENS = 300


@pytest.fixture(scope="module")
def sizes(checkpoint):
    return geometry(read_shapes(checkpoint))


def test_dense_weights_are_the_parameters_bytes(model, sizes):
    real = sum(p.nbytes for p in model.parameters())
    assert weight_bytes(sizes, Compression("fp16"), 32) == real
    assert weight_bytes(sizes, parse_compression("w4-awq"), 32) == real


@pytest.mark.parametrize("bits", [3, 4, 8])
def test_packed_weights_are_the_packed_buffers_bytes(model, sizes, bits):
    from lvlm_compress.weights.linears import quantized_linears
    from lvlm_compress.weights.packed import PackedWeight
    from lvlm_compress.weights.quantizer import quantize

    linears = quantized_linears(model.model.language_model)
    packed = sum(
        PackedWeight.of(quantize(linear.weight, bits, 128), bits, 128).nbytes
        for linear in linears.values()
    )
    whole = sum(p.nbytes for p in model.parameters())
    dense = sum(linear.weight.nbytes for linear in linears.values())
    at_work = max(linear.weight.nbytes for linear in linears.values())
    compression = parse_compression(
        f"w{bits}", {"weights": f"w{bits}-rtn", "weight_storage": "packed"}
    )
    assert weight_bytes(sizes, compression, 32) == pytest.approx(
        whole - dense + packed + at_work, rel=1e-3
    )


@pytest.mark.parametrize("kv", ["fp16", "kv2-kc128-vt128", "kv4-uniform", "kv4-t128", "kv2-or2"])
@pytest.mark.parametrize("storage", ["simulated", "packed"])
def test_the_cache_is_as_large_as_a_real_one(model, sizes, kv, storage):
    import torch

    from lvlm_compress.kv.cache import KVCache

    compression = parse_compression(kv, {"kv": kv, "storage": storage})
    cache = KVCache(compression.kv_scheme, sizes.layers)
    ids = torch.arange(TOKENS)[None] % 1000
    with torch.no_grad():
        model.model.language_model(input_ids=ids, past_key_values=cache, use_cache=True)
    at_work = 0
    if storage == "packed" and kv != "fp16":
        held = sum(layer.storage_bits() for layer in cache.layers) / 8
        k, v = cache.layers[0].stored()
        at_work = k.nbytes + v.nbytes
    else:
        held = sum(sum(t.nbytes for t in layer.stored()) for layer in cache.layers)
    assert kv_bytes(sizes, compression, 32, TOKENS) == pytest.approx(held + at_work, rel=0.01)


def test_the_sum_grows_with_tokens_and_shrinks_with_packing(sizes):
    dense = memory(sizes, Compression("fp16"), "float16", TOKENS)
    assert dense.total == dense.weights + dense.kv + dense.activations
    assert memory(sizes, Compression("fp16"), "float16", 2 * TOKENS).total > dense.total
    fields = {
        "weights": "w4-awq",
        "kv": "kv2-t128",
        "storage": "packed",
        "weight_storage": "packed",
    }
    packed = memory(sizes, parse_compression("small", fields), "float16", TOKENS)
    assert packed.weights < dense.weights
    assert packed.kv < dense.kv
