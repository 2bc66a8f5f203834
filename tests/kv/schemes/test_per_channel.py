"""g-C_g and g-C_N by hand (spec sections 2 and 12.1)."""

from __future__ import annotations

import pytest
import torch

from lvlm_compress.kv import KVScheme
from lvlm_compress.kv.schemes.per_channel import PerChannel
from lvlm_compress.kv.schemes.per_channel_all import PerChannelAll


@pytest.mark.parametrize(
    ("tokens", "quantized"), [(0, 0), (127, 0), (128, 128), (129, 128), (256, 256), (650, 640)]
)
def test_only_full_blocks_are_quantized(tokens: int, quantized: int) -> None:
    assert PerChannel(2, 128).quantized_tokens(tokens) == quantized


@pytest.mark.parametrize("tokens", [1, 7, 8, 9, 19])
def test_the_residual_is_left_as_it_is(tokens: int) -> None:
    k = torch.randn(1, 2, tokens, 4, generator=torch.Generator().manual_seed(1))
    k_hat, _ = KVScheme.parse("kv2-c8").fake_quantize(k, k)
    done = tokens // 8 * 8
    assert torch.equal(k_hat[:, :, done:], k[:, :, done:])
    for token in range(done):
        assert not torch.equal(k_hat[:, :, token], k[:, :, token])


def test_blocks_have_their_own_ranges() -> None:
    x = torch.tensor([0.0, 1, 2, 3, 0, 100, 200, 300]).view(1, 1, 8, 1)
    assert torch.equal(PerChannel(2, 4).fake_quantize(x), x)
    assert not torch.equal(PerChannelAll(2).fake_quantize(x), x)


def test_channels_have_their_own_ranges() -> None:
    x = (torch.arange(4.0)[:, None] * torch.tensor([1.0, 1000.0]))[None, None]
    assert torch.equal(PerChannelAll(2).fake_quantize(x), x)
    assert torch.equal(PerChannel(2, 4).fake_quantize(x), x)


def test_all_tokens_are_one_block() -> None:
    x = torch.randn(2, 2, 9, 4, generator=torch.Generator().manual_seed(2))
    assert torch.equal(PerChannelAll(3).fake_quantize(x), PerChannel(3, 9).fake_quantize(x))
