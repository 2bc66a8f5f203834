"""Crop: back to a group boundary, counters and mask with it, or a refusal (spec section 6)."""

from __future__ import annotations

import pytest
import torch

from lvlm_compress.kv import KVScheme
from lvlm_compress.kv.cache import KVCache
from tests.kv.samples import TWO_BIT, random_kv

STORAGES = ("simulated", "packed")


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize(
    ("text", "order", "cut"),
    [
        ("fp16", "before", 37),
        ("kv2-t32", "before", 37),
        ("kv2-c16", "before", 32),
        ("kv2-kc16-vt32", "before", 32),
        ("kv2-kt32-vc16", "before", 16),
        ("kv2-uniform", "after", 37),
    ],
)
def test_what_follows_a_crop_is_as_if_never_run(
    text: str, order: str, cut: int, storage: str
) -> None:
    k, v = random_kv(1, 4, 60, 16)
    scheme = KVScheme.parse(text, storage=storage, order=order)
    cache = KVCache(scheme, 1)
    cache.update(k[:, :, :41], v[:, :, :41], 0)
    cache.crop(cut - 41)
    assert cache.get_seq_length() == cut
    fresh = KVCache(scheme, 1)
    for cached, start in ((cache, cut), (fresh, 0)):
        handed = cached.update(k[:, :, start:], v[:, :, start:], 0)
        cached.decode()
        if cached is cache:
            got, stored = handed, cached.stored_bits()["bytes"]
    assert torch.equal(got[0], handed[0])
    assert torch.equal(got[1], handed[1])
    assert stored == fresh.stored_bits()["bytes"]


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("text", TWO_BIT)
def test_a_cut_within_a_group_is_refused_and_changes_nothing(text: str, storage: str) -> None:
    k, v = random_kv(1, 4, 41, 16)
    scheme = KVScheme.parse(text, storage=storage)
    cache = KVCache(scheme, 2)
    for layer in range(2):
        cache.update(k, v, layer)
    for cut in range(41):
        if scheme.shareable_prefix(cut) != cut and cut < 32:
            with pytest.raises(ValueError, match="shareable_prefix"):
                cache.crop(cut - 41)
            assert cache.get_seq_length() == 41
    cache.crop(-41)
    assert cache.get_seq_length() == 0


@pytest.mark.parametrize("text", [*TWO_BIT, "fp16"])
def test_an_unquantized_tail_can_always_be_taken_back(text: str) -> None:
    k, v = random_kv(1, 4, 43, 16)
    cache = KVCache(KVScheme.parse(text), 1)
    cache.update(k[:, :, :41], v[:, :, :41], 0)
    cache.decode()
    for token in (41, 42):
        handed = cache.update(k[:, :, token : token + 1], v[:, :, token : token + 1], 0)[0]
    cache.crop(-1)
    again = cache.update(k[:, :, 42:], v[:, :, 42:], 0)[0]
    assert torch.equal(again, handed)


def test_the_mask_is_cut_with_the_columns() -> None:
    k, v = random_kv(2, 4, 60, 16)
    mask = torch.ones(2, 60, dtype=torch.bool)
    mask[0, :5] = False
    mask[1, 40:44] = False
    cache = KVCache(KVScheme.parse("kv2-t32"), 1, mask)
    cache.update(k, v, 0)
    cache.crop(-20)
    cache.extend_mask(torch.tensor([[True], [False]]))
    cache.update(k[:, :, 40:41], v[:, :, 40:41], 0)
    assert cache.layers[0].k.quantized == [36, 40]
    with pytest.raises(ValueError, match="minus"):
        cache.crop(3)
