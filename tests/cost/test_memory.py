"""The formula's parts against a mid-size model's real tensors, its sum against a process's peak."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from inspect import signature
from pathlib import Path

import pytest

from lvlm_compress.cost.geometry import geometry, read_shapes
from lvlm_compress.cost.memory import PICTURES_LIMIT, kv_bytes, memory, weight_bytes
from lvlm_compress.grid import Compression, parse_compression
from lvlm_compress.settings import ROOT

TOKENS = 300
# KV scheme, KV storage, how the 4-bit weights are held.
CASES = (
    "fp16+simulated+none",
    "kv2-kc128-vt128+simulated+none",
    "kv2-kc128-vt128+packed+none",
    "fp16+simulated+dense",
    "fp16+simulated+packed",
)


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
    compression = parse_compression(
        f"w{bits}", {"weights": f"w{bits}-rtn", "weight_storage": "packed"}
    )
    assert weight_bytes(sizes, compression, 32) == pytest.approx(whole - dense + packed, rel=1e-3)


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
    if storage == "packed" and kv != "fp16":
        held = sum(layer.storage_bits() for layer in cache.layers) / 8
    else:
        held = sum(sum(t.nbytes for t in layer.stored()) for layer in cache.layers)
    assert kv_bytes(sizes, compression, 32, TOKENS) == pytest.approx(held, rel=0.01)


def test_the_sum_grows_with_tokens_and_shrinks_with_packing(sizes):
    dense = memory(sizes, Compression("fp16"), "float16", TOKENS, 64)
    assert dense.total == dense.weights + dense.kv + dense.work + dense.pictures
    assert memory(sizes, Compression("fp16"), "float16", 2 * TOKENS, 64).total > dense.total
    fields = {
        "weights": "w4-awq",
        "kv": "kv2-t128",
        "storage": "packed",
        "weight_storage": "packed",
    }
    packed = memory(sizes, parse_compression("small", fields), "float16", TOKENS, 64)
    assert packed.weights < dense.weights
    assert packed.kv < dense.kv


def test_pictures_are_kept_up_to_the_stores_limit(sizes):
    from lvlm_compress.generation.pictures import PictureStore

    assert signature(PictureStore).parameters["limit"].default == PICTURES_LIMIT
    kept = [
        memory(sizes, Compression("fp16"), "float16", TOKENS, 64, pictures=count).pictures
        for count in (1, 2, 10**6)
    ]
    assert kept == [64 * 512 * 2, 2 * 64 * 512 * 2, PICTURES_LIMIT]


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Figures of tests/cost/peak.py."""
    folder = tmp_path_factory.mktemp("peak")
    path = os.pathsep.join([str(ROOT), str(ROOT / "workflow")])
    environment = os.environ | {"PYTHONPATH": path, "MALLOC_MMAP_THRESHOLD_": "131072"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.cost.peak", str(folder), *CASES],
        env=environment | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout), geometry(read_shapes(folder / "middle"))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("case", CASES)
def test_the_sum_is_the_peak_of_a_process_that_answers(measured, case):
    """A model of 0.3e9 weights, 576 image tokens: 5 % of the peak, 15 % of what is not weights."""
    figures, mid_size = measured
    assert figures["made"]["parameters"] == mid_size.parameters
    kv, storage, weights = case.split("+")
    fields = {"kv": kv, "storage": storage}
    if weights != "none":
        fields |= {"weights": "w4-rtn", "weight_storage": weights}
    found = figures[case]
    stored = parse_compression("it", fields)
    need = memory(mid_size, stored, "float32", found["tokens"], 576, recorded=False)
    assert need.total == pytest.approx(found["peak"], rel=0.05), (need, found)
    beyond = found["peak"] - found["loaded"]
    assert need.total - need.weights == pytest.approx(beyond, rel=0.15), (need, found)
