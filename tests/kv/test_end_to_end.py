"""Whole models through the cache, fp64 with sdpa (spec sections 3, 6, 12.4 and 12.5)."""

from __future__ import annotations

import copy
from functools import cache as memo
from typing import Any

import pytest
import torch

from lvlm_compress.kv import KVScheme
from lvlm_compress.kv.cache import KVCache
from tests.kv.samples import TWO_BIT
from tests.kv.tiny_models import picture, prompt, tiny_llava

QUESTIONS = ([20, 21, 22, 23, 24, 25, 26], [30, 31, 32], [40])
PREFIX = 69
ANSWER = 10


@memo
def model(decoder: str) -> Any:
    return tiny_llava(decoder)


def new_cache(text: str, mask: torch.Tensor | None = None, **options: Any) -> KVCache:
    return KVCache(KVScheme.parse(text, stream_gap=7, **options), 2, mask)


@torch.no_grad()
def embeddings(decoder: str, question: list[int]) -> torch.Tensor:
    """Text and image features, [1, tokens, hidden]."""
    llava = model(decoder).model
    ids = prompt(question)
    features = torch.cat(list(llava.get_image_features(picture()).pooler_output))
    embedded = llava.get_input_embeddings()(ids)
    places = (ids == llava.config.image_token_id)[..., None].expand_as(embedded)
    return embedded.masked_scatter(places, features.to(embedded.dtype))


@torch.no_grad()
def answer(
    decoder: str, embedded: torch.Tensor, mask: torch.Tensor, cache: KVCache, steps: int = ANSWER
) -> tuple[torch.Tensor, torch.Tensor]:
    """Greedy tokens [batch, steps] and logits [batch, steps, vocabulary]; what is cached is cut."""
    tokens, logits = [], []
    step = embedded[:, cache.get_seq_length() :]
    for _ in range(steps):
        positions = (mask.cumsum(1) - 1).clamp(min=0)[:, -step.shape[1] :]
        out = model(decoder)(
            inputs_embeds=step,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            logits_to_keep=1,
        )
        cache.decode()
        logits.append(out.logits[:, -1])
        tokens.append(logits[-1].argmax(-1))
        step = model(decoder).get_input_embeddings()(tokens[-1])[:, None]
        mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1)
    return torch.stack(tokens, 1), torch.stack(logits, 1)


def alone(
    decoder: str, question: list[int], text: str, **options: Any
) -> tuple[torch.Tensor, torch.Tensor]:
    embedded = embeddings(decoder, question)
    mask = torch.ones(embedded.shape[:2], dtype=torch.long)
    return answer(decoder, embedded, mask, new_cache(text, **options))


@pytest.mark.parametrize(
    ("decoder", "storage"),
    [("llama", "simulated"), ("llama", "packed"), ("gemma", "simulated"), ("qwen2", "simulated")],
)
@pytest.mark.parametrize("text", [*TWO_BIT, "fp16"])
def test_a_padded_batch_answers_as_each_sample_alone(text: str, decoder: str, storage: str) -> None:
    rows = [embeddings(decoder, question) for question in QUESTIONS]
    longest = max(row.shape[1] for row in rows)
    pads = [longest - row.shape[1] for row in rows]
    padded = [torch.nn.functional.pad(row, (0, 0, n, 0)) for row, n in zip(rows, pads, strict=True)]
    mask = (torch.arange(longest) >= torch.tensor(pads)[:, None]).long()
    cache = new_cache(text, mask, storage=storage)
    tokens, logits = answer(decoder, torch.cat(padded), mask, cache)
    for sample, question in enumerate(QUESTIONS):
        single = alone(decoder, question, text)
        assert torch.equal(tokens[sample], single[0][0])
        torch.testing.assert_close(logits[sample], single[1][0], rtol=0, atol=1e-9)


def test_generate_drives_the_cache_as_transformers_own() -> None:
    """The fp16 scheme answers what the stock cache answers, through `generate`."""
    arguments = {
        "input_ids": prompt(QUESTIONS[0]),
        "pixel_values": picture(),
        "attention_mask": torch.ones_like(prompt(QUESTIONS[0])),
        "max_new_tokens": 8,
        "do_sample": False,
    }
    stock = model("llama").generate(**arguments)
    ours = model("llama").generate(**arguments, past_key_values=new_cache("fp16"))
    assert torch.equal(stock, ours)


def test_the_first_token_already_sees_quantized_keys_and_values() -> None:
    """Spec 12.5: quantize before attending, unless the order is the other one."""
    exact = alone("llama", QUESTIONS[0], "fp16")[1][0, 0]
    before = alone("llama", QUESTIONS[0], "kv2-uniform")[1][0, 0]
    after = alone("llama", QUESTIONS[0], "kv2-uniform", order="after")[1][0]
    assert (before - exact).abs().max() > 1e-3
    assert torch.equal(after[0], exact)
    later = alone("llama", QUESTIONS[0], "fp16")[1][0, 1]
    assert (after[1] - later).abs().max() > 1e-3


@torch.no_grad()
def prefix_cache(text: str, length: int, **options: Any) -> KVCache:
    """A prompt's first 69 tokens run once, cut to `length`."""
    cache = new_cache(text, **options)
    embedded = embeddings("llama", QUESTIONS[0])[:, :PREFIX]
    model("llama")(inputs_embeds=embedded, past_key_values=cache, use_cache=True)
    cache.crop(length - PREFIX)
    return cache


@pytest.mark.parametrize("storage", ["simulated", "packed"])
@pytest.mark.parametrize(
    ("text", "order", "cut"),
    [
        ("fp16", "before", 69),
        ("kv2-t32", "before", 69),
        ("kv2-c16", "before", 64),
        ("kv2-kc16-vt32", "before", 64),
        ("kv2-kt32-vc16", "before", 64),
        ("kv2-uniform", "after", 69),
        ("kv2-kcN-vt32", "after", 69),
    ],
)
def test_a_reused_prefix_answers_as_an_unshared_run(
    text: str, order: str, cut: int, storage: str
) -> None:
    assert KVScheme.parse(text, order=order).shareable_prefix(PREFIX) == cut
    prefix = prefix_cache(text, cut, order=order, storage=storage)
    for question in QUESTIONS:
        embedded = embeddings("llama", question)
        mask = torch.ones(embedded.shape[:2], dtype=torch.long)
        tokens, logits = answer("llama", embedded, mask, copy.deepcopy(prefix))
        unshared = alone("llama", question, text, order=order, storage=storage)
        assert torch.equal(tokens, unshared[0])
        torch.testing.assert_close(logits, unshared[1], rtol=0, atol=1e-9)


@pytest.mark.parametrize("text", ["kv2-uniform", "kv2-or2", "kv2-cN", "kv2-kcN-vt32"])
def test_reuse_is_refused_where_statistics_span_all_tokens(text: str) -> None:
    assert KVScheme.parse(text).shareable_prefix(PREFIX) == 0
    with pytest.raises(ValueError, match="shareable_prefix"):
        prefix_cache(text, 64)
    embedded = embeddings("llama", list(range(2, 98)))  # long enough to move every range
    mask = torch.ones(embedded.shape[:2], dtype=torch.long)
    forced = answer("llama", embedded, mask, prefix_cache(text, PREFIX), steps=1)[1]
    unshared = answer("llama", embedded, mask, new_cache(text), steps=1)[1]
    assert (forced - unshared).abs().max() > 1e-4


@pytest.mark.parametrize("text", ["fp16", "kv2-t32", "kv2-kc16-vt32"])
def test_questions_of_different_length_behind_one_prefix(text: str) -> None:
    """[prefix | pads | question] in one batch: a mask with a hole."""
    cut = KVScheme.parse(text).shareable_prefix(PREFIX)
    cache = prefix_cache(text, cut)
    cache.batch_repeat_interleave(len(QUESTIONS))
    rests = [embeddings("llama", question)[:, cut:] for question in QUESTIONS]
    longest = max(rest.shape[1] for rest in rests)
    pads = torch.tensor([longest - rest.shape[1] for rest in rests])
    rows = [torch.nn.functional.pad(rest, (0, 0, longest - rest.shape[1], 0)) for rest in rests]
    tail = (torch.arange(longest) >= pads[:, None]).long()
    cache.extend_mask(tail)
    mask = torch.cat([tail.new_ones(len(QUESTIONS), cut), tail], dim=1)
    shared = embeddings("llama", QUESTIONS[0])[:, :cut].expand(len(QUESTIONS), -1, -1)
    tokens, logits = answer("llama", torch.cat([shared, torch.cat(rows)], dim=1), mask, cache)
    for sample, question in enumerate(QUESTIONS):
        single = alone("llama", question, text)
        assert torch.equal(tokens[sample], single[0][0])
        torch.testing.assert_close(logits[sample], single[1][0], rtol=0, atol=1e-9)
