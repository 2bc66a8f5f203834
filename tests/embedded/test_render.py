from __future__ import annotations

import hashlib
from itertools import combinations

import pytest

from lvlm_compress.embedded.draws import Draws
from lvlm_compress.embedded.font import glyph
from lvlm_compress.embedded.png import encode
from lvlm_compress.embedded.render import palette, render, shape_mask
from lvlm_compress.embedded.scene import Person, Scene, Thing, draw_scene
from lvlm_compress.embedded.words import BODIES, GENDERS, RACES, SHAPES, SIGNS

KNOWN = "a7d5db03d14ca4056a0a73caa9cd6680ed629d8e722833d69be04b346ab7956b"


def test_a_known_picture_has_its_known_bytes() -> None:
    """Whole numbers and stored blocks only: equal on every machine."""
    picture = encode(render(draw_scene(Draws("known"), 5, 5)), palette())
    assert hashlib.sha256(picture).hexdigest() == KNOWN


@pytest.mark.parametrize("quarter", [(0, 0), (0, 8), (8, 0), (8, 8)])
def test_every_patch_of_a_shape_tells_the_shape(quarter: tuple[int, int]) -> None:
    top, left = quarter
    parts = {kind: shape_mask(kind)[top : top + 8, left : left + 8].tobytes() for kind in SHAPES}
    assert len(set(parts.values())) == len(SHAPES)


def test_the_first_glyph_tells_the_sign() -> None:
    assert len({glyph(word[0]).tobytes() for word in SIGNS}) == len(SIGNS)


def test_every_avatar_looks_different() -> None:
    people = [Person(g, r, b) for g in GENDERS for r in RACES for b in BODIES]
    pictures = [render(Scene("snow", (), person)) for person in people]
    assert all((one != other).any() for one, other in combinations(pictures, 2))


def test_a_thing_stays_in_its_cell() -> None:
    empty = render(Scene("fog"))
    for cell in range(16):
        for kind in ("star", "taxi"):
            changed = render(Scene("fog", (Thing(kind, "red", cell),))) != empty
            rows, columns = changed.nonzero()
            assert set(rows // 32) == {cell // 4}
            assert set(columns // 32) == {cell % 4}
