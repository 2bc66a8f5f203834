"""Padding for LLaVA-1.5 against spec/benchmarks.md section 1.2."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from lvlm_compress.models.images import pad_to_square


@pytest.mark.parametrize("size", [(7, 4), (4, 7), (5, 5), (640, 481)])
def test_centred_with_floor_offset(size):
    width, height = size
    pixels = np.full((height, width, 3), 200, dtype=np.uint8)
    padded = np.asarray(pad_to_square(Image.fromarray(pixels)))
    side = max(size)
    expected = np.empty((side, side, 3), dtype=np.uint8)
    expected[:] = (122, 116, 104)
    top, left = (side - height) // 2, (side - width) // 2
    expected[top : top + height, left : left + width] = 200
    assert np.array_equal(padded, expected)


def test_equals_the_padding_processor():
    """The processor of llava checkpoints that pad themselves does the same on [3, H, W]."""
    from transformers.models.llava.image_processing_pil_llava import LlavaImageProcessorPil

    pixels = np.random.default_rng(0).integers(0, 255, (31, 20, 3), dtype=np.uint8)
    processor = LlavaImageProcessorPil()
    theirs = processor.pad_to_square(pixels.transpose(2, 0, 1), (122, 116, 104))
    ours = np.asarray(pad_to_square(Image.fromarray(pixels))).transpose(2, 0, 1)
    assert np.array_equal(ours, theirs)
