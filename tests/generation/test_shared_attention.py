"""Attention to a shared part against one softmax over copied keys."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from lvlm_compress.generation.shared_attention import SharedPart, attend

PICTURES = {"one": (0, 0, 0), "uneven": (0, 1, 1), "unused": (2, 2, 0), "single": (1,)}


def tensors(rows: int, heads: int, kv_heads: int, new: int, dtype: torch.dtype):
    generator = torch.Generator().manual_seed(rows + heads + new)

    def draw(*shape):
        return torch.randn(*shape, generator=generator).to(dtype)

    shared = SharedPart(
        tuple(draw(3, kv_heads, 21, 16) for _ in range(2)),
        tuple(draw(3, kv_heads, 21, 16) for _ in range(2)),
        (0,) * rows,
    )
    own = draw(rows, kv_heads, 9, 16), draw(rows, kv_heads, 9, 16)
    return draw(rows, heads, new, 16), *own, shared


def plain(query, key, value, mask, shared, layer):
    """Keys copied to every row and head; own part causal or masked."""
    pictures = list(shared.pictures)
    groups = query.shape[1] // key.shape[1]
    keys = torch.cat([shared.keys[layer][pictures], key], 2).repeat_interleave(groups, 1)
    values = torch.cat([shared.values[layer][pictures], value], 2).repeat_interleave(groups, 1)
    before = torch.ones(*mask.shape[:3], shared.tokens, dtype=torch.bool)
    out = torch.nn.functional.scaled_dot_product_attention(
        query, keys, values, attn_mask=torch.cat([before, mask], 3)
    )
    return out.transpose(1, 2)


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize(("heads", "kv_heads"), [(4, 4), (4, 2), (4, 1)])
@pytest.mark.parametrize("new", [1, 5])
@pytest.mark.parametrize("masked", [False, True])
def test_equals_copied_keys(name, heads, kv_heads, new, masked):
    pictures = PICTURES[name]
    query, key, value, shared = tensors(len(pictures), heads, kv_heads, new, torch.float64)
    shared = SharedPart(shared.keys, shared.values, pictures)
    mask = torch.ones(new, 9, dtype=torch.bool).tril(9 - new).expand(len(pictures), 1, new, 9)
    if masked:
        mask = mask.clone()
        mask[0, :, :, :3] = False
    module = SimpleNamespace(layer_idx=1)
    got, _ = attend(module, query, key, value, mask if masked else None, shared=shared)
    assert torch.allclose(got, plain(query, key, value, mask, shared, 1), atol=1e-12)


def test_sixteen_bit_scores_are_widened():
    query, key, value, shared = tensors(2, 4, 4, 3, torch.bfloat16)
    module = SimpleNamespace(layer_idx=0)
    got, _ = attend(module, query, key, value, None, shared=shared)
    mask = torch.ones(3, 9, dtype=torch.bool).tril(6).expand(2, 1, 3, 9)
    wide = SharedPart(
        tuple(k.double() for k in shared.keys),
        tuple(v.double() for v in shared.values),
        shared.pictures,
    )
    exact = plain(query.double(), key.double(), value.double(), mask, wide, 0)
    assert got.dtype == torch.bfloat16
    assert (got.double() - exact).abs().max() < 0.03


def test_pictures_leave_with_their_rows():
    _, _, _, shared = tensors(4, 4, 4, 1, torch.float32)
    shared = SharedPart(shared.keys, shared.values, (0, 1, 2, 2))
    assert shared.keep([1, 2]).keys[0].shape[0] == 3
    left = shared.keep([3])
    assert left.pictures == (0,)
    assert torch.equal(left.keys[0][0], shared.keys[0][2])


def test_joined_parts_keep_their_pictures():
    _, _, _, first = tensors(2, 4, 4, 1, torch.float32)
    _, _, _, second = tensors(3, 4, 4, 2, torch.float32)
    joined = SharedPart.joined([first, SharedPart(second.keys, second.values, (1, 0, 2))])
    assert joined.pictures == (0, 0, 4, 3, 5)
    assert torch.equal(joined.values[1][4], second.values[1][1])
