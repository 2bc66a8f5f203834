"""Preparing pictures before a checkpoint's own processor."""

from __future__ import annotations

from PIL import Image

CLIP_FILL = (122, 116, 104)


def pad_to_square(image: Image.Image, fill: tuple[int, int, int] = CLIP_FILL) -> Image.Image:
    """An RGB picture centred on a square of its longer side (LLaVA-1.5's `pad`).

    The offset is floor((long - short) / 2), the fill int(255 * CLIP mean): spec/benchmarks.md 1.2.
    """
    width, height = image.size
    if width == height:
        return image
    side = max(width, height)
    square = Image.new("RGB", (side, side), fill)
    square.paste(image, ((side - width) // 2, (side - height) // 2))
    return square
