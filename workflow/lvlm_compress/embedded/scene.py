"""What a picture shows: objects in a 4 x 4 grid of cells, or a person."""

from __future__ import annotations

from dataclasses import dataclass

from lvlm_compress.embedded.draws import Draws
from lvlm_compress.embedded.words import (
    BODIES,
    COLORS,
    GENDERS,
    KINDS,
    RACES,
    SCENES,
    SHAPES,
    SIGNS,
)

CELLS = 16


@dataclass(frozen=True)
class Thing:
    """One coloured shape or sign; ``cell`` counts row by row from the top left."""

    kind: str
    color: str
    cell: int

    @property
    def is_sign(self) -> bool:
        """Whether this is a word on a sign."""
        return self.kind in SIGNS

    @property
    def row(self) -> int:
        """Row of the cell, 0 at the top."""
        return self.cell // 4

    @property
    def column(self) -> int:
        """Column of the cell, 0 on the left."""
        return self.cell % 4


@dataclass(frozen=True)
class Person:
    """A fixed avatar in the middle of the picture (cells 5, 6, 9, 10)."""

    gender: str
    race: str
    body: str = "plain"


PERSON_CELLS = frozenset({1, 2, 5, 6, 9, 10, 13, 14})


@dataclass(frozen=True)
class Scene:
    """One picture."""

    place: str
    things: tuple[Thing, ...] = ()
    person: Person | None = None


def draw_things(
    draws: Draws, count: int, cells: tuple[int, ...] = tuple(range(CELLS))
) -> tuple[Thing, ...]:
    """``count`` things in different cells; kinds and colours repeat often enough to confuse."""
    kinds = draws.sample(SHAPES, 3) + draws.sample(SIGNS, 2) if draws.chance(0.5) else list(KINDS)
    colors = draws.sample(COLORS, 3) if draws.chance(0.5) else list(COLORS)
    things: list[Thing] = []
    for cell in draws.sample(cells, count):
        kind = draws.pick(kinds) if draws.chance(0.7) else draws.pick(SHAPES)
        things.append(Thing(kind, draws.pick(colors), cell))
    return tuple(sorted(things, key=lambda thing: thing.cell))


def draw_scene(draws: Draws, fewest: int = 1, most: int = 5) -> Scene:
    """A picture of things."""
    count = fewest + draws.below(most - fewest + 1)
    return Scene(draws.pick(SCENES), draw_things(draws, count))


def draw_person(draws: Draws) -> Scene:
    """A picture of a person, at times with one or two things beside."""
    person = Person(draws.pick(GENDERS), draws.pick(RACES), draws.pick(BODIES))
    free = tuple(cell for cell in range(CELLS) if cell not in PERSON_CELLS)
    return Scene(draws.pick(SCENES), draw_things(draws, draws.below(3), free), person)
