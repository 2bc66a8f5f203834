"""Qwen-VL's eyes: an OpenCLIP bigG-style tower and the resampler that makes 256 tokens of it.

Pre-norm blocks with fused in-projections whose rows lie head by head (q, k and v of head 0, then
of head 1, ...), exact GELU, norms with eps 1e-6, no class token. Learned positions, kept for a
16 x 16 grid and resized to the picture's. The resampler is one cross-attention from learned
queries; its sincos positions are a tensor of the checkpoint, added to queries and, resized, to
keys, not to values.
"""

from __future__ import annotations

from math import isqrt

import torch
from torch import Tensor, nn
from torch.nn import functional

from lvlm_compress.models.qwen_vl_config import QwenVLVisionConfig

EPS = 1e-6


def resized(positions: Tensor, count: int) -> Tensor:
    """Position embeddings [side * side, width] for another square grid, [count, width].

    Bicubic in fp32 without aligned corners; unchanged when the grid has that size already.
    """
    side, target = isqrt(positions.shape[0]), isqrt(count)
    if side == target:
        return positions
    grid = positions.float().view(1, side, side, -1).permute(0, 3, 1, 2)
    grid = functional.interpolate(grid, (target, target), mode="bicubic", align_corners=False)
    return grid.flatten(2)[0].T.to(positions.dtype)


class TowerAttention(nn.Module):
    """Self-attention over patches; [pictures, patches, width] in and out."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj = nn.Linear(width, 3 * width)
        self.out_proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Attend from every patch to every patch."""
        pictures, patches, width = x.shape
        fused = self.in_proj(x).view(pictures, patches, self.heads, 3, width // self.heads)
        query, key, value = fused.permute(3, 0, 2, 1, 4)
        out = functional.scaled_dot_product_attention(query, key, value)
        mixed: Tensor = self.out_proj(out.transpose(1, 2).flatten(2))
        return mixed


class TowerMLP(nn.Module):
    """Two linear layers around an exact GELU."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.c_fc = nn.Linear(width, inner)
        self.c_proj = nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        """Each patch by itself."""
        out: Tensor = self.c_proj(functional.gelu(self.c_fc(x)))
        return out


class TowerBlock(nn.Module):
    """Pre-norm attention and MLP, each added to its input."""

    def __init__(self, config: QwenVLVisionConfig) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(config.width, eps=EPS)
        self.attn = TowerAttention(config.width, config.heads)
        self.ln_2 = nn.LayerNorm(config.width, eps=EPS)
        self.mlp = TowerMLP(config.width, config.mlp_width)

    def forward(self, x: Tensor) -> Tensor:
        """One block."""
        x = x + self.attn(self.ln_1(x))
        out: Tensor = x + self.mlp(self.ln_2(x))
        return out


class Resampler(nn.Module):
    """Learned queries look at all patches once: [pictures, patches, width] -> queries x output."""

    def __init__(self, config: QwenVLVisionConfig) -> None:
        super().__init__()
        size = config.output_dim
        self.pos_embed = nn.Parameter(torch.empty(config.n_queries, size))
        self.query = nn.Parameter(torch.empty(config.n_queries, size))
        # Equal widths need no projection, and the original then has none.
        equal = config.width == size
        self.kv_proj = nn.Identity() if equal else nn.Linear(config.width, size, bias=False)
        self.attn = nn.MultiheadAttention(size, config.resampler_heads, batch_first=True)
        self.ln_q = nn.LayerNorm(size, eps=EPS)
        self.ln_kv = nn.LayerNorm(size, eps=EPS)

    def forward(self, x: Tensor) -> Tensor:
        """Cross-attention; positions enter queries and keys only."""
        values = self.ln_kv(self.kv_proj(x))
        keys = values + resized(self.pos_embed, x.shape[1])
        queries = (self.ln_q(self.query) + self.pos_embed).expand(x.shape[0], -1, -1)
        out: Tensor = self.attn(queries, keys, values, need_weights=False)[0]
        return out


class Tower(nn.Module):
    """Pixels [pictures, 3, side, side], normalised, -> features [pictures, queries, output]."""

    def __init__(self, config: QwenVLVisionConfig) -> None:
        super().__init__()
        patch, size = config.patch_size, config.output_dim
        self.conv1 = nn.Conv2d(3, config.width, patch, stride=patch, bias=False)
        self.positional_embedding = nn.Parameter(torch.empty(config.positions, config.width))
        self.ln_pre = nn.LayerNorm(config.width, eps=EPS)
        self.blocks = nn.ModuleList(TowerBlock(config) for _ in range(config.layers))
        self.attn_pool = Resampler(config)
        self.ln_post = nn.LayerNorm(size, eps=EPS)
        self.proj = nn.Parameter(torch.empty(size, size))

    def forward(self, pixels: Tensor) -> Tensor:
        """Patches row by row through tower, resampler and projection."""
        x = self.conv1(pixels).flatten(2).transpose(1, 2)
        x = self.ln_pre(x + resized(self.positional_embedding, x.shape[1]))
        for block in self.blocks:
            x = block(x)
        out: Tensor = self.ln_post(self.attn_pool(x)) @ self.proj
        return out
