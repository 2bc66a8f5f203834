from __future__ import annotations

import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lvlm_compress.embedded.png import encode


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 2**31))
def test_pillow_reads_back_what_was_written(height: int, width: int, seed: int) -> None:
    """Sizes beyond one stored block of 65535 bytes included (RFC 1951, section 3.2.4)."""
    numbers = np.random.default_rng(seed)
    picture = numbers.integers(0, 5, (height, width), dtype=np.uint8)
    palette = numbers.integers(0, 256, (5, 3), dtype=np.uint8)
    read = Image.open(io.BytesIO(encode(picture, palette))).convert("RGB")
    assert (np.asarray(read) == palette[picture]).all()
