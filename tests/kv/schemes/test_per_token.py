"""g-T_g by hand (spec sections 2, 5 and 12.1)."""

from __future__ import annotations

import pytest
import torch

from lvlm_compress.errors import UserError
from lvlm_compress.kv.schemes.per_token import PerToken


def test_groups_run_across_head_boundaries() -> None:
    """Two heads of 2 columns and g = 4: one group a token, exact at 2 bit for 0..3 scaled."""
    x = torch.tensor([[[0.0, 1], [0, 10]], [[2, 3], [20, 30]]])[None]
    assert torch.equal(PerToken(2, 4).fake_quantize(x), x)


def test_a_group_of_half_a_head() -> None:
    x = torch.tensor([0.0, 1, 2, 3, 0, 100, 200, 300]).view(1, 1, 1, 8)
    assert torch.equal(PerToken(2, 4).fake_quantize(x), x)
    assert not torch.equal(PerToken(2, 8).fake_quantize(x), x)


def test_gemma_2b_one_head_of_256() -> None:
    x = torch.randn(1, 1, 3, 256, generator=torch.Generator().manual_seed(0))
    got = PerToken(4, 128).fake_quantize(x)
    low = PerToken(4, 128).fake_quantize(x[..., :128])
    assert torch.equal(got[..., :128], low)
    assert PerToken(4, 128).groups(3, 256) == 6


def test_every_token_is_quantized() -> None:
    assert PerToken(2, 128).quantized_tokens(651) == 651


def test_a_width_that_is_not_a_multiple_is_an_error_with_both_numbers() -> None:
    with pytest.raises(UserError, match=r"g = 128 .*D = 3 heads x 64 = 192"):
        PerToken(2, 128).fake_quantize(torch.zeros(1, 3, 5, 64))
