"""Caches joined to one batch, and tokens kept elsewhere: each sample stays as if alone."""

from __future__ import annotations

import copy

import pytest
import torch

from lvlm_compress.kv.cache import KVCache
from lvlm_compress.kv.scheme import KVScheme
from tests.kv.samples import random_kv

SCHEMES = ["fp16", "kv2-uniform", "kv2-t128", "kv2-c128", "kv2-kcN-vt128", "kv2-kc128-vt128"]


def prompts(lengths):
    return [random_kv(1, 2, length, 64, seed=length) for length in lengths]


@pytest.mark.parametrize("storage", ["simulated", "packed"])
@pytest.mark.parametrize("text", SCHEMES)
def test_joined_samples_go_on_as_if_alone(text: str, storage: str) -> None:
    scheme = KVScheme.parse(text, stream_gap=4, storage=storage)
    caches = []
    for k, v in prompts([130, 97, 140]):
        cache = KVCache(scheme, 1)
        cache.update(k, v, 0)
        cache.decode()
        caches.append(cache)
    alone = copy.deepcopy(caches)
    early = KVCache.joined(caches[:2])
    steps = [random_kv(3, 2, 1, 64, seed=1000 + step) for step in range(9)]
    for step, (k, v) in enumerate(steps):
        if step < 3:
            early.update(k[:2], v[:2], 0)
            alone[2].update(k[2:], v[2:], 0)
        if step == 3:
            batch = KVCache.joined([early, alone[2]])
            reference = copy.deepcopy(caches)
            for past_k, past_v in steps[:3]:
                for row, cache in enumerate(reference):
                    cache.update(past_k[row : row + 1], past_v[row : row + 1], 0)
        if step >= 3:
            got = batch.update(k, v, 0)
            for row, cache in enumerate(reference):
                want = cache.update(k[row : row + 1], v[row : row + 1], 0)
                columns = want[0].shape[2]
                assert torch.equal(got[0][row, :, -columns:], want[0][0])
                assert torch.equal(got[1][row, :, -columns:], want[1][0])


@pytest.mark.parametrize("text", ["fp16", "kv2-t128", "kv2-c128", "kv2-kt128-vc128"])
def test_tokens_kept_elsewhere_count(text: str) -> None:
    """Blocks, triggers and sizes go on behind them; their values are never asked for."""
    scheme = KVScheme.parse(text, stream_gap=3)
    (k, v), shared = random_kv(1, 2, 300, 64), 128
    whole, rest = KVCache(scheme, 1), KVCache(scheme, 1, shared=shared)
    want = whole.update(k[:, :, :290], v[:, :, :290], 0)
    got = rest.update(k[:, :, shared:290], v[:, :, shared:290], 0)
    whole.decode()
    rest.decode()
    for token in range(290, 301):
        assert torch.equal(got[0], want[0][:, :, shared:])
        assert torch.equal(got[1], want[1][:, :, shared:])
        if token < 300:
            step = slice(token, token + 1)
            want = whole.update(k[:, :, step], v[:, :, step], 0)
            got = rest.update(k[:, :, step], v[:, :, step], 0)
    assert rest.stored_bits()["bytes"] == whole.stored_bits()["bytes"]


def test_spare_columns_never_change_what_was_handed_out() -> None:
    caches = []
    for k, v in prompts([5, 9]):
        cache = KVCache(KVScheme.parse("kv2-uniform", stream_gap=2), 1)
        cache.update(k, v, 0)
        cache.decode()
        caches.append(cache)
    batch, handed = KVCache.joined(caches), []
    for step in range(12):
        got, _ = batch.update(*random_kv(2, 2, 1, 64, seed=step), 0)
        handed.append((got, got.clone()))
    assert all(torch.equal(got, kept) for got, kept in handed)


def test_packed_storage_takes_no_tokens_kept_elsewhere() -> None:
    with pytest.raises(ValueError, match="shared"):
        KVCache(KVScheme.parse("kv2-t128", storage="packed"), 1, shared=128)
