"""Dense labels of the patches: what the tower learns before the decoder sees a picture.

They stand in for CLIP's contrastive pretraining: a patch feature must point at the embedding of the
word that names what the patch shows.
"""

from __future__ import annotations

import numpy as np

from lvlm_compress.embedded.render import PATCH, SIDE
from lvlm_compress.embedded.scene import Person, Scene, Thing
from lvlm_compress.embedded.words import BODIES, COLORS, GENDERS, KINDS, RACES, SCENES

ROWS = ("row1", "row2", "row3", "row4")
COLUMNS = ("column1", "column2", "column3", "column4")
FAMILIES: dict[str, tuple[str, ...]] = {
    "kind": (*KINDS, "nothing"),
    "color": (*COLORS, "colorless"),
    "row": ROWS,
    "column": COLUMNS,
    "place": SCENES,
    "gender": (*GENDERS, "nobody"),
    "race": RACES,
    "body": BODIES,
}
IGNORED = -100
_GRID = SIDE // PATCH


def _thing_patches(thing: Thing) -> tuple[slice, slice]:
    top, left = 4 * thing.row + 1, 4 * thing.column
    columns = slice(left, left + 4) if thing.is_sign else slice(left + 1, left + 3)
    return slice(top, top + 2), columns


def _label_person(labels: dict[str, np.ndarray], person: Person) -> None:
    hair, face, body = np.s_[3:6, 6:10], np.s_[4:6, 7:9], np.s_[6:11, 6:10]
    gender = GENDERS.index(person.gender)
    labels["gender"][hair] = labels["gender"][body] = gender
    labels["race"][face] = RACES.index(person.race)
    labels["body"][body] = BODIES.index(person.body)


def patch_labels(scene: Scene) -> np.ndarray:
    """Class of every patch in every family of ``FAMILIES``: int64 [families, 256], or IGNORED."""
    labels = {name: np.full((_GRID, _GRID), IGNORED) for name in FAMILIES}
    labels["kind"][:] = len(KINDS)
    labels["color"][:] = len(COLORS)
    labels["gender"][:] = len(GENDERS)
    labels["place"][:] = SCENES.index(scene.place)
    for thing in scene.things:
        spot = _thing_patches(thing)
        labels["kind"][spot] = KINDS.index(thing.kind)
        labels["color"][spot] = COLORS.index(thing.color)
        labels["row"][spot] = thing.row
        labels["column"][spot] = thing.column
    if scene.person is not None:
        _label_person(labels, scene.person)
    return np.stack([labels[name].reshape(-1) for name in FAMILIES])
