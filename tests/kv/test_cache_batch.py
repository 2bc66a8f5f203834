"""Batches: a sample's cache never depends on its neighbours (spec section 3)."""

from __future__ import annotations

import copy

import pytest
import torch

from lvlm_compress.kv import KVScheme
from lvlm_compress.kv.cache import KVCache
from tests.kv.samples import TWO_BIT, random_kv

STORAGES = ("simulated", "packed")
PADS = (0, 11, 17)
PROMPT, STEPS = 40, 25


def padded_batch() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Left pads full of garbage in a batch of three."""
    k, v = random_kv(3, 4, PROMPT + STEPS, 16, dtype=torch.float16)
    mask = torch.arange(PROMPT) >= torch.tensor(PADS)[:, None]
    pads = ~torch.cat([mask, torch.ones(3, STEPS, dtype=torch.bool)], dim=1)[:, None, :, None]
    return k.masked_fill(pads, float("nan")), v.masked_fill(pads, 3e4), mask


def decode(cache: KVCache, k: torch.Tensor, v: torch.Tensor, start: int) -> torch.Tensor:
    cache.decode()
    for token in range(start, k.shape[2]):
        step = slice(token, token + 1)
        handed = cache.update(k[:, :, step], v[:, :, step], 0)
    return torch.stack(handed)


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("text", TWO_BIT)
def test_each_sample_is_as_if_alone_at_every_step(text: str, storage: str) -> None:
    k, v, mask = padded_batch()
    scheme = KVScheme.parse(text, storage=storage, stream_gap=6)
    cache = KVCache(scheme, 1, mask.long())
    cache.update(k[:, :, :PROMPT], v[:, :, :PROMPT], 0)
    alone = [KVCache(scheme, 1) for _ in PADS]
    for sample, pads in enumerate(PADS):
        one = slice(sample, sample + 1)
        alone[sample].update(k[one, :, pads:PROMPT], v[one, :, pads:PROMPT], 0)
    for cached in (cache, *alone):
        cached.decode()
    for token in range(PROMPT, PROMPT + STEPS):
        step = slice(token, token + 1)
        batched = cache.update(k[:, :, step], v[:, :, step], 0)
        for sample, pads in enumerate(PADS):
            one = slice(sample, sample + 1)
            single = alone[sample].update(k[one, :, step], v[one, :, step], 0)
            assert torch.equal(batched[0][one, :, pads:], single[0])
            assert torch.equal(batched[1][one, :, pads:], single[1])


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("text", ["kv2-uniform", "kv2-or2", "kv2-kc16-vt32"])
def test_selecting_repeating_and_reordering_samples(text: str, storage: str) -> None:
    k, v, mask = padded_batch()
    scheme = KVScheme.parse(text, storage=storage, stream_gap=6)
    original = KVCache(scheme, 1, mask)
    original.update(k[:, :, :PROMPT], v[:, :, :PROMPT], 0)
    want = decode(copy.deepcopy(original), k, v, PROMPT).nan_to_num()
    for change, samples in (
        (lambda cache: cache.batch_select_indices(torch.tensor([2, 0])), [2, 0]),
        (
            lambda cache: cache.batch_select_indices(torch.tensor([False, True, True])),
            [1, 2],
        ),
        (lambda cache: cache.batch_repeat_interleave(2), [0, 0, 1, 1, 2, 2]),
        (lambda cache: cache.reorder_cache(torch.tensor([1, 1, 0])), [1, 1, 0]),
    ):
        cache = copy.deepcopy(original)
        change(cache)
        got = decode(cache, k[samples], v[samples], PROMPT).nan_to_num()
        for place, sample in enumerate(samples):
            pads = PADS[sample]
            assert torch.equal(got[:, place, :, pads:], want[:, sample, :, pads:])


@pytest.mark.parametrize("storage", STORAGES)
def test_question_tokens_with_pads_behind_a_shared_prefix(storage: str) -> None:
    """[prefix | pads | question]: a hole in the mask changes nothing for the sample."""
    k, v = random_kv(2, 4, 52, 16)
    scheme = KVScheme.parse("kv2-kc16-vt32", storage=storage)
    cache = KVCache(scheme, 1)
    cache.update(k[:, :, :32], v[:, :, :32], 0)
    question = torch.ones(2, 20, dtype=torch.bool)
    question[1, :7] = False
    cache.extend_mask(question)
    holed = k.clone()
    holed[1, :, 32:39] = float("nan")
    handed = cache.update(holed[:, :, 32:], v[:, :, 32:], 0)[0]
    alone = KVCache(scheme, 1)
    rest = [*range(32), *range(39, 52)]
    single = alone.update(k[1:, :, rest], v[1:, :, rest], 0)[0]
    assert torch.equal(handed[1:, :, rest], single)


def test_prompt_columns_beyond_the_given_mask_are_refused() -> None:
    k, v = random_kv(1, 2, 12, 16)
    cache = KVCache(KVScheme.parse("kv2-t32"), 1, torch.ones(1, 10, dtype=torch.bool))
    with pytest.raises(ValueError, match="extend_mask"):
        cache.update(k, v, 0)


@pytest.mark.parametrize("storage", STORAGES)
def test_reset_starts_over(storage: str) -> None:
    k, v, mask = padded_batch()
    scheme = KVScheme.parse("kv2-kc16-vt32", storage=storage)
    cache = KVCache(scheme, 1, mask)
    cache.update(k[:, :, :PROMPT], v[:, :, :PROMPT], 0)
    cache.decode()
    cache.reset()
    assert cache.get_seq_length() == 0
    k, v = random_kv(1, 4, 40, 16)
    assert torch.equal(cache.update(k, v, 0)[0], scheme.fake_quantize(k, v)[0])
