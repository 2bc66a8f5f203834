"""When is what quantized: the cache against the plain trace (spec sections 4, 12.3, 12.6)."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from transformers.cache_utils import DynamicCache

from lvlm_compress.kv import KVScheme
from lvlm_compress.kv.cache import KVCache, replay
from tests.kv import reference
from tests.kv.samples import TWO_BIT, random_kv, split_id

STORAGES = ("simulated", "packed")


def feed(cache: KVCache, k: torch.Tensor, v: torch.Tensor, *splits: int) -> list[torch.Tensor]:
    """Columns in steps that end at `splits`; the keys that attention is handed at each."""
    edges = zip((0, *splits), splits, strict=False)
    return [cache.update(k[:, :, a:b], v[:, :, a:b], 0)[0] for a, b in edges]


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("gap", [1, 7, 20])
@pytest.mark.parametrize("text", [*TWO_BIT, "fp16"])
def test_replay_equals_the_plain_trace(text: str, gap: int, storage: str) -> None:
    k, v = random_kv(1, 4, 61, 16, dtype=torch.float16)
    k_part, v_part, bits = ("fp16", "fp16", 16) if text == "fp16" else split_id(text)
    handed = replay(KVScheme.parse(text, storage=storage), k, v, prefill=37, gap=gap)
    for x, part, (after_prefill, after_decode) in (
        (k, k_part, tuple(h[0] for h in (handed["after_prefill"], handed["after_decode"]))),
        (v, v_part, tuple(h[1] for h in (handed["after_prefill"], handed["after_decode"]))),
    ):
        want = reference.quantize_tensor(x[0, :, :37], part, bits)
        assert torch.equal(after_prefill[0], want)
        assert torch.equal(after_decode[0], reference.trace(x[0], part, bits, 37, gap))


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("text", TWO_BIT)
def test_order_after_attends_to_the_prompt_as_it_is(text: str, storage: str) -> None:
    k, v = random_kv(1, 4, 41, 16)
    before = KVScheme.parse(text, storage=storage)
    handed = replay(replace(before, order="after"), k, v, prefill=37, gap=20)
    assert torch.equal(handed["after_prefill"][0], k[:, :, :37])
    assert torch.equal(handed["after_prefill"][1], v[:, :, :37])
    plain = replay(before, k, v, prefill=37, gap=20)
    assert torch.equal(handed["after_decode"][0], plain["after_decode"][0])
    assert torch.equal(handed["after_decode"][1], plain["after_decode"][1])


def test_counters_follow_the_triggers() -> None:
    """C_16 with gap 20: the block that ends at 48 is quantized at the trigger of 60."""
    k, v = random_kv(1, 2, 62, 16)
    cache = KVCache(KVScheme.parse("kv2-kc16-vt32"), 1)
    feed(cache, k[:, :, :37], v[:, :, :37], 37)
    layer = cache.layers[0]
    assert (layer.k.quantized, layer.v.quantized) == ([32], [37])
    cache.decode()
    seen = []
    for token in range(37, 62):
        step = slice(token, token + 1)
        cache.update(k[:, :, step], v[:, :, step], 0)
        seen.append((layer.k.quantized[0], layer.v.quantized[0]))
    assert seen[:3] == [(32, 37)] * 3
    assert seen[3:23] == [(32, 40)] * 20
    assert seen[23:] == [(48, 60)] * 2


@pytest.mark.parametrize("text", ["kv2-t32", "kv2-c16", "kv2-kc16-vt32"])
def test_each_token_is_quantized_once(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    k, v = random_kv(1, 2, 160, 16)
    scheme = KVScheme.parse(text)
    touched = {type(scheme.k): 0, type(scheme.v): 0}

    def spy(cls: type) -> None:
        original = cls.fake_quantize

        def counted(self: object, x: torch.Tensor) -> torch.Tensor:
            touched[cls] += x.shape[2]
            return original(self, x)

        monkeypatch.setattr(cls, "fake_quantize", counted)

    for cls in touched:
        spy(cls)
    replay(scheme, k, v, prefill=40, gap=1)
    assert sum(touched.values()) == sum(s.quantized_tokens(159) for s in (scheme.k, scheme.v))


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("text", TWO_BIT)
def test_a_prompt_may_come_in_several_steps(text: str, storage: str) -> None:
    """Also one token at a time; the statistics of all tokens follow what is stored."""
    k, v = random_kv(1, 4, 40, 16)
    cache = KVCache(KVScheme.parse(text, storage=storage), 1)
    handed = feed(cache, k, v, 32, 33, 40)[-1]
    part, _, bits = split_id(text)
    stored = k[0, :, :0]
    for start, stop in ((0, 32), (32, 33), (33, 40)):
        stored = torch.cat([stored, k[0, :, start:stop]], dim=1)
        done = 0 if part in ("uniform", "or2", "cN") else reference.quantized_tokens(part, start)
        again = reference.quantize_tensor(stored[:, done:], part, bits)
        stored = torch.cat([stored[:, :done], again], dim=1)
    assert torch.equal(handed[0], stored)


@pytest.mark.parametrize("text", ["kv2-t32", "kv2-c16", "kv2-kc16-vt32"])
def test_steps_of_a_prompt_do_not_matter_without_shared_statistics(text: str) -> None:
    k, v = random_kv(2, 4, 50, 16)
    at_once = feed(KVCache(KVScheme.parse(text), 1), k, v, 50)[-1]
    in_steps = feed(KVCache(KVScheme.parse(text), 1), k, v, 3, 4, 31, 50)[-1]
    assert torch.equal(at_once, in_steps)


def test_fp16_equals_the_dynamic_cache_bit_for_bit() -> None:
    ours, stock = KVCache(KVScheme.parse("fp16"), 2), DynamicCache()
    for step in range(30):
        for layer in range(2):
            k, v = random_kv(2, 2, 9 if step == 0 else 1, 16, seed=step, dtype=torch.float16)
            got, want = ours.update(k, v, layer), stock.update(k, v, layer)
            assert torch.equal(got[0], want[0])
            assert torch.equal(got[1], want[1])
            assert got[0].stride() == want[0].stride()
        ours.decode()


@pytest.mark.parametrize("text", [*TWO_BIT, "fp16"])
def test_neither_arguments_nor_earlier_results_are_written_to(text: str) -> None:
    k, v = random_kv(1, 2, 44, 16)
    given = k.clone()
    cache = KVCache(KVScheme.parse(text, stream_gap=3, order="after"), 1)
    handed = [feed(cache, k, v, 40)[-1]]
    kept = [handed[0].clone()]
    cache.decode()
    for token in range(40, 44):
        handed.append(cache.update(k[:, :, token : token + 1], v[:, :, token : token + 1], 0)[0])
        kept.append(handed[-1].clone())
    assert torch.equal(k, given)
    assert all(torch.equal(a, b) for a, b in zip(handed, kept, strict=True))
