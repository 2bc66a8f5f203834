"""A pass for K and V only: the cache is as after a whole pass, the last block is not run."""

from __future__ import annotations

import pytest
import torch

from lvlm_compress.kv import KVScheme
from lvlm_compress.kv.cache import KVCache
from tests.kv.tiny_models import tiny_llava


@pytest.mark.parametrize("decoder", ["llama", "gemma", "qwen2"])
@pytest.mark.parametrize("scheme", ["fp16", "kv2-c16", "kv2-t32"])
@torch.inference_mode()
def test_it_stores_what_a_whole_pass_stores(decoder: str, scheme: str) -> None:
    model = tiny_llava(decoder).model.language_model
    embeds = torch.randn(1, 40, 64, dtype=torch.float64)
    whole, stored = (KVCache(KVScheme.parse(scheme), 2) for _ in range(2))
    model(inputs_embeds=embeds, past_key_values=whole, use_cache=True)
    ran: list[int] = []
    for number, block in enumerate(model.layers):
        block.mlp.register_forward_hook(lambda *_, number=number: ran.append(number))
    with stored.only_stored():
        model(inputs_embeds=embeds, past_key_values=stored, use_cache=True)
    assert ran == [0]
    for one, other in zip(whole.layers, stored.layers, strict=True):
        assert torch.equal(one.keys, other.keys)
        assert torch.equal(one.values, other.values)
    again = model(inputs_embeds=embeds[:, :1], past_key_values=stored, use_cache=True)
    assert again.last_hidden_state.shape == (1, 1, 64)
