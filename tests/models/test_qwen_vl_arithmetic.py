"""Converted decoder, tower and resampler against the published formulas, written out plainly.

References read the original's parameters under the original's names, in fp32, one head at a time.
"""

from __future__ import annotations

import pytest

from tests.models import qwen_vl_original as original

EPS = 1e-6


@pytest.fixture(scope="module")
def model(qwen_vl_folder):
    from lvlm_compress.models.families import load
    from lvlm_compress.models.spec import ModelSpec

    return load(ModelSpec("qwen_vl", qwen_vl_folder, dtype="float32", prompt="qwen_vl"))


@pytest.fixture(scope="module")
def weights():
    return original.parameters()


def rms_norm(x, weight):
    return x / (x.pow(2).mean(-1, keepdim=True) + EPS).sqrt() * weight


def rotated(x):
    """Rotary positions: channel i turns with channel i + half."""
    import torch

    half = x.shape[1] // 2
    angles = torch.arange(len(x))[:, None] * 10000.0 ** (-torch.arange(half) / half)
    first, second = x[:, :half], x[:, half:]
    turned = first * angles.cos() - second * angles.sin()
    return torch.cat([turned, second * angles.cos() + first * angles.sin()], dim=1)


def attended(query, key, value, causal):
    import torch

    scores = query @ key.T / query.shape[1] ** 0.5
    if causal:
        scores = scores.masked_fill(torch.ones_like(scores).triu(1).bool(), -torch.inf)
    return scores.softmax(-1) @ value


def decoder(x, weights):
    """Hidden states [tokens, hidden] of embeddings, by modeling_qwen.py."""
    import torch
    from torch.nn.functional import silu

    size = original.HIDDEN // original.HEADS
    for layer in range(original.LAYERS):
        w = {
            name.removeprefix(f"transformer.h.{layer}."): tensor
            for name, tensor in weights.items()
            if name.startswith(f"transformer.h.{layer}.")
        }
        fused = rms_norm(x, w["ln_1.weight"]) @ w["attn.c_attn.weight"].T + w["attn.c_attn.bias"]
        query, key, value = fused.split(original.HIDDEN, dim=1)
        heads = []
        for head in range(original.HEADS):
            own = slice(head * size, (head + 1) * size)
            heads.append(attended(rotated(query[:, own]), rotated(key[:, own]), value[:, own], 1))
        x = x + torch.cat(heads, 1) @ w["attn.c_proj.weight"].T
        y = rms_norm(x, w["ln_2.weight"])
        inner = (y @ w["mlp.w1.weight"].T) * silu(y @ w["mlp.w2.weight"].T)
        x = x + inner @ w["mlp.c_proj.weight"].T
    return rms_norm(x, weights["transformer.ln_f.weight"])


class Visual:
    """visual.py for one picture."""

    def __init__(self, weights):
        prefix = "transformer.visual."
        self.w = {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}

    def linear(self, x, name):
        return x @ self.w[f"{name}.weight"].T + self.w[f"{name}.bias"]

    def norm(self, x, name):
        centred = x - x.mean(-1, keepdim=True)
        scaled = centred / (centred.pow(2).mean(-1, keepdim=True) + EPS).sqrt()
        return scaled * self.w[f"{name}.weight"] + self.w[f"{name}.bias"]

    def patches(self, pixels):
        import torch

        kernel, size = self.w["conv1.weight"], original.PATCH
        cut = pixels.unfold(1, size, size).unfold(2, size, size)
        side = original.SIDE // size
        rows = [cut[:, i, j].flatten() for i in range(side) for j in range(side)]
        return torch.stack(rows) @ kernel.flatten(1).T

    def block(self, x, name):
        """In-projection rows lie head by head: q, k, v of one head after another."""
        import torch

        size = original.WIDTH // original.TOWER_HEADS
        fused = self.linear(self.norm(x, f"{name}.ln_1"), f"{name}.attn.in_proj")
        heads = [
            attended(*fused[:, 3 * size * h : 3 * size * (h + 1)].split(size, dim=1), causal=False)
            for h in range(original.TOWER_HEADS)
        ]
        x = x + self.linear(torch.cat(heads, 1), f"{name}.attn.out_proj")
        inner = self.linear(self.norm(x, f"{name}.ln_2"), f"{name}.mlp.c_fc")
        inner = inner * 0.5 * (1 + torch.erf(inner / 2**0.5))
        return x + self.linear(inner, f"{name}.mlp.c_proj")

    def resampler(self, x):
        import torch

        pool = "attn_pool"
        values = self.norm(x @ self.w[f"{pool}.kv_proj.weight"].T, f"{pool}.ln_kv")
        keys = values + stretched(original.sincos(16, original.HIDDEN), len(x))
        queries = self.norm(self.w[f"{pool}.query"], f"{pool}.ln_q")
        queries = queries + original.sincos(16, original.HIDDEN)
        projections = zip(
            self.w[f"{pool}.attn.in_proj_weight"].chunk(3),
            self.w[f"{pool}.attn.in_proj_bias"].chunk(3),
            strict=True,
        )
        q, k, v = (
            (y @ matrix.T + bias).split(128, dim=1)
            for y, (matrix, bias) in zip((queries, keys, values), projections, strict=True)
        )
        heads = [attended(*head, causal=False) for head in zip(q, k, v, strict=True)]
        return self.linear(torch.cat(heads, 1), f"{pool}.attn.out_proj")

    def __call__(self, pixels):
        x = self.patches(pixels)
        x = self.norm(x + stretched(self.w["positional_embedding"], len(x)), "ln_pre")
        for layer in range(original.TOWER_LAYERS):
            x = self.block(x, f"transformer.resblocks.{layer}")
        return self.norm(self.resampler(x), "ln_post") @ self.w["proj"]


def stretched(positions, count):
    """Bicubic resize of a square grid (a = -0.75, edges repeated), as a matrix on each axis."""
    import torch

    old, new = round(len(positions) ** 0.5), round(count**0.5)
    matrix = torch.zeros(new, old)
    for i in range(new):
        place = (i + 0.5) * old / new - 0.5
        base = int(place // 1)
        for j in range(base - 1, base + 3):
            d = abs(place - j)
            near = 1.25 * d**3 - 2.25 * d**2 + 1
            far = -0.75 * d**3 + 3.75 * d**2 - 6 * d + 3
            matrix[i, min(max(j, 0), old - 1)] += near if d <= 1 else far
    grid = positions.view(old, old, -1)
    return torch.einsum("ab,cd,bdx->acx", matrix, matrix, grid).flatten(0, 1)


def close(found, expected):
    import torch

    return torch.allclose(found, expected, rtol=1e-3, atol=2e-4 * float(expected.abs().max()))


def test_decoder(model, weights):
    import torch

    x = torch.randn(40, original.HIDDEN, generator=torch.Generator().manual_seed(3))
    expected = decoder(x, weights)
    found = model.decoder(inputs_embeds=x[None]).last_hidden_state[0]
    assert close(found, expected)
    assert close(model.lm_head(found), expected @ weights["lm_head.weight"].T)
    assert torch.equal(
        model.embed_ids(torch.tensor([5]))[0, 0], weights["transformer.wte.weight"][5]
    )


def test_tower_and_resampler(model, weights):
    import torch

    pixels = torch.randn(
        3, original.SIDE, original.SIDE, generator=torch.Generator().manual_seed(4)
    )
    expected = Visual(weights)(pixels)
    found = model.model.image_features(torch.stack([pixels, pixels.flip(0)]))
    assert found.shape == (2, 256, original.HIDDEN)
    assert close(found[0], expected)
    assert not close(found[1], expected)


def test_positions_of_the_right_size_are_left_alone(weights):
    import torch

    from lvlm_compress.models.qwen_vl_tower import resized

    positions = weights["transformer.visual.positional_embedding"]
    assert torch.equal(resized(positions, 256), positions)
    assert close(resized(positions, 1024), stretched(positions, 1024))


def test_pictures_are_squeezed_to_a_square(model):
    """visual.py: Resize((side, side), bicubic), ToTensor, Normalize with CLIP's mean and std."""
    import numpy as np
    from PIL import Image

    from tests.generation import tiny

    picture = tiny.picture(2, (150, 60))
    side = (original.SIDE, original.SIDE)
    pixels = np.asarray(picture.resize(side, Image.Resampling.BICUBIC)) / 255
    mean, std = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
    expected = ((pixels - mean) / std).transpose(2, 0, 1)
    found = model.pictures([picture], return_tensors="pt")["pixel_values"][0]
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)
