"""A 5 x 7 dot font; every glyph fills one 8 x 8 patch.

Five column bytes a letter, lowest bit on top: the layout of the common public-domain LCD font.
"""

from __future__ import annotations

import numpy as np

_COLUMNS = {
    "a": "7e1111117e", "b": "7f49494936", "c": "3e41414122", "d": "7f4141221c", "e": "7f49494941",
    "f": "7f09090901", "g": "3e4149497a", "h": "7f0808087f", "i": "00417f4100", "j": "2040413f01",
    "k": "7f08142241", "l": "7f40404040", "m": "7f020c027f", "n": "7f0408107f", "o": "3e4141413e",
    "p": "7f09090906", "q": "3e4151215e", "r": "7f09192946", "s": "4649494931", "t": "01017f0101",
    "u": "3f4040403f", "v": "1f2040201f", "w": "3f4038403f", "x": "6314081463", "y": "0708700807",
    "z": "6151494543",
}  # fmt: skip


def glyph(letter: str) -> np.ndarray:
    """The dots of one lower-case letter: bool [8, 8]."""
    dots = np.zeros((8, 8), dtype=bool)
    for column, byte in enumerate(bytes.fromhex(_COLUMNS[letter])):
        for row in range(7):
            dots[row, column + 1] = byte >> row & 1
    return dots
