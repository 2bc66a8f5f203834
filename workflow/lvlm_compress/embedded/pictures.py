"""Scenes -> the pixel values that the shipped processor would give."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from lvlm_compress.embedded.render import palette, render
from lvlm_compress.embedded.scene import Scene
from lvlm_compress.embedded.tokens import MEAN, STD


def _normalised_palette() -> torch.Tensor:
    rgb = torch.from_numpy(palette()).float() / 255
    return (rgb - torch.tensor(MEAN)) / torch.tensor(STD)


def pixel_values(scenes: Sequence[Scene]) -> torch.Tensor:
    """Normalised pictures: float32 [scenes, 3, 128, 128]."""
    indices = torch.from_numpy(np.stack([render(scene) for scene in scenes])).long()
    return _normalised_palette()[indices].permute(0, 3, 1, 2).contiguous()
