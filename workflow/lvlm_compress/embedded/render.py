"""Scene -> palette picture, in whole numbers only, aligned to the 8-pixel patches of the tower."""

from __future__ import annotations

from functools import cache

import numpy as np

from lvlm_compress.embedded.font import glyph
from lvlm_compress.embedded.scene import Person, Scene, Thing
from lvlm_compress.embedded.words import PALETTE, RGB

SIDE = 128
PATCH = 8
_INDEX = {name: index for index, name in enumerate(PALETTE)}
_PERSON_LEFT, _PERSON_TOP = 48, 32


def palette() -> np.ndarray:
    """RGB of every palette entry: uint8 [entries, 3]."""
    return np.array([RGB[name] for name in PALETTE], dtype=np.uint8)


@cache
def shape_mask(kind: str) -> np.ndarray:
    """The filled dots of a shape: bool [16, 16]; every 8 x 8 quarter differs between shapes."""
    y, x = np.mgrid[0:16, 0:16] * 2 - 15
    masks = {
        "circle": x * x + y * y <= 210,
        "square": np.ones((16, 16), dtype=bool),
        "triangle": 2 * abs(x) <= y + 16,
        "diamond": abs(x) + abs(y) <= 16,
        "cross": (abs(x) <= 5) | (abs(y) <= 5),
        "star": (abs(abs(x) - abs(y)) <= 5) | (abs(x) <= 2) | (abs(y) <= 2),
    }
    mask: np.ndarray = masks[kind]
    return mask


def _paint(picture: np.ndarray, mask: np.ndarray, left: int, top: int, color: str) -> None:
    height, width = mask.shape
    picture[top : top + height, left : left + width][mask] = _INDEX[color]


def _draw_thing(picture: np.ndarray, thing: Thing) -> None:
    left, top = 32 * thing.column, 32 * thing.row + PATCH
    if not thing.is_sign:
        _paint(picture, shape_mask(thing.kind), left + PATCH, top, thing.color)
        return
    for i, letter in enumerate(thing.kind):
        _paint(picture, glyph(letter), left + PATCH * i, top, thing.color)
    _paint(picture, np.ones((4, 32), dtype=bool), left, top + PATCH + 2, thing.color)


def _body_mask(person: Person) -> np.ndarray:
    """Dots of the body: bool [40, 48], the torso in the middle 16 columns."""
    y, x = np.mgrid[0:40, 0:48]
    centre = abs(2 * x - 47)
    half = {"skinny": 8, "obese": 47}.get(person.body, 31)
    mask: np.ndarray = centre <= half
    if person.gender == "woman":
        mask &= (y < 24) | (centre <= half - 16 + 2 * (y - 24) // 2) | ((x + y) % 4 == 0)
    return mask


def _body_marks(person: Person) -> np.ndarray:
    """Dots drawn in ink on the body: bool [40, 48]."""
    y, x = np.mgrid[0:40, 0:48]
    marks = {
        "tattooed": (x + 2 * (y % 4)) % 8 < 2,
        "young": ((x % 8 - 4) ** 2 + (y % 8 - 4) ** 2) <= 5,
        "old": (y % 8) < 2,
    }
    empty = np.zeros((40, 48), dtype=bool)
    drawn: np.ndarray = marks.get(person.body, empty)
    return drawn


def _draw_person(picture: np.ndarray, person: Person) -> None:
    left, top = _PERSON_LEFT, _PERSON_TOP
    y, x = np.mgrid[0:24, 0:32]
    hair = "gray" if person.body == "old" else "hair"
    if person.gender == "woman":
        _paint(picture, (y >= 2) & (y < 24), left, top - 8, hair)
    else:
        _paint(picture, (y < 8) & (y >= 3) & (x >= 8) & (x < 24), left, top - 8, hair)
    _paint(picture, np.ones((16, 16), dtype=bool), left + 8, top, f"skin-{person.race}")
    eyes = np.zeros((16, 16), dtype=bool)
    eyes[5:7, [3, 4, 11, 12]] = True
    eyes[12, 5:11] = True
    _paint(picture, eyes, left + 8, top, "ink")
    body = _body_mask(person)
    _paint(picture, body, left - 8, top + 16, "shirt")
    _paint(picture, body & _body_marks(person), left - 8, top + 16, "ink")


def render(scene: Scene) -> np.ndarray:
    """The picture as palette indices: uint8 [128, 128]."""
    picture = np.full((SIDE, SIDE), _INDEX[scene.place], dtype=np.uint8)
    for thing in scene.things:
        _draw_thing(picture, thing)
    if scene.person is not None:
        _draw_person(picture, scene.person)
    return picture


def render_rgb(scene: Scene) -> np.ndarray:
    """The picture in RGB: uint8 [128, 128, 3]."""
    rgb: np.ndarray = palette()[render(scene)]
    return rgb
