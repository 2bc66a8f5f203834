"""NaN or infinity where a token is: an error that says where (spec section 1, rule 6)."""

from __future__ import annotations

import pytest
import torch

from lvlm_compress.kv import KVScheme
from lvlm_compress.kv.cache import KVCache
from lvlm_compress.kv.finite import NonFiniteError
from tests.kv.samples import TWO_BIT, random_kv


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("text", [*TWO_BIT, "fp16"])
def test_fake_quantize_names_the_sample(text: str, bad: float) -> None:
    k, v = random_kv(3, 4, 20, 16)
    mask = torch.ones(3, 20, dtype=torch.bool)
    mask[0, :4] = False
    v[0, 0, 2, 3] = bad
    KVScheme.parse(text).fake_quantize(k, v, mask)
    v[2, 1, 19, 5] = bad
    with pytest.raises(NonFiniteError, match=r"^V .* sample 2"):
        KVScheme.parse(text).fake_quantize(k, v, mask)


@pytest.mark.parametrize("storage", ["simulated", "packed"])
@pytest.mark.parametrize("text", [*TWO_BIT, "fp16"])
def test_the_cache_names_layer_and_sample_when_it_happens(text: str, storage: str) -> None:
    k, v = random_kv(2, 4, 21, 16)
    cache = KVCache(KVScheme.parse(text, storage=storage), 2)
    for layer in range(2):
        cache.update(k[:, :, :20], v[:, :, :20], layer)
    cache.decode()
    cache.update(k[:, :, 20:], v[:, :, 20:], 0)
    k[1, 3, 20, 0] = float("nan")
    with pytest.raises(NonFiniteError, match="layer 1, sample 1") as caught:
        cache.update(k[:, :, 20:], v[:, :, 20:], 1)
    assert (caught.value.tensor, caught.value.layer, caught.value.sample) == ("K", 1, 1)
