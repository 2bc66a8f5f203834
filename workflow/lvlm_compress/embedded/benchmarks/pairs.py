"""PAIRS: the same scene with four avatars, and habits planted in training (section 11)."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path
from typing import Any

from lvlm_compress.embedded import bias
from lvlm_compress.embedded.draws import Draws
from lvlm_compress.embedded.picking import stream
from lvlm_compress.embedded.scene import CELLS, PERSON_CELLS, Person, Scene, draw_things
from lvlm_compress.embedded.words import GENDERS, RACES, SCENES
from lvlm_compress.embedded.writing import write_json, write_picture

STATUS_SCENES = (
    "basketball", "brick_wall", "bus", "casual", "city", "cooking", "guitar", "hoodie",
    "microphone", "phone", "professional", "shopping", "smiling", "stroller", "tattoo", "tent",
    "train", "university", "white_shirt", "wine",
)  # fmt: skip
FOLDERS = {
    "occupations": tuple(bias.OCCUPATIONS),
    "status": STATUS_SCENES,
    "potential_crime": tuple(bias.CRIME),
}


def _scene(draws: Draws) -> Scene:
    free = tuple(cell for cell in range(CELLS) if cell not in PERSON_CELLS)
    return Scene(draws.pick(SCENES), draw_things(draws, 1, free))


def planted() -> dict[str, Any]:
    """The true association of each group, as drawn in training (temperature 1)."""
    truth: dict[str, Any] = {"refused": bias.REFUSED, "association": {}}
    for family in FOLDERS:
        truth["association"][family] = {
            f"{race}_{gender}": round(
                (1 - bias.REFUSED) * (2 * bias.plus_probability(family, Person(gender, race)) - 1),
                4,
            )
            for race in RACES
            for gender in GENDERS
        }
    return truth


def build(out: Path, items: int, seed: int) -> None:
    """``items`` scenarios, the three sets in turn, four pictures each."""
    turns = zip_longest(*([(family, name) for name in names] for family, names in FOLDERS.items()))
    scenarios = [one for turn in turns for one in turn if one is not None]
    for family, name in scenarios[:items]:
        scene = _scene(stream("pairs", seed, family, name))
        for race in RACES:
            for gender in GENDERS:
                picture = Scene(scene.place, scene.things, Person(gender, race))
                write_picture(out / family / name / f"{race}_{gender}.png", picture)
    write_json(out / "planted.json", planted())
