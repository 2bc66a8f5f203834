"""Colour, kind, place and background: questions that read one attribute of one thing."""

from __future__ import annotations

from lvlm_compress.embedded.draws import Draws
from lvlm_compress.embedded.qa import QA, Noun, color_noun, fill, full_noun, kind_noun, kind_text
from lvlm_compress.embedded.scene import Scene, Thing


def lone_nouns(scene: Scene, thing: Thing) -> list[Noun]:
    """The noun phrases that name ``thing`` and nothing else in the scene."""
    nouns = [
        kind_noun(scene, thing.kind),
        color_noun(scene, thing.color),
        full_noun(scene, thing.color, thing.kind),
    ]
    return [noun for noun in nouns if noun.cells == {thing.cell}]


def color(scene: Scene, draws: Draws) -> QA | None:
    """'What color is the circle?'."""
    thing = draws.pick(scene.things)
    noun = kind_noun(scene, thing.kind)
    if len(noun.cells) != 1:
        return None
    text, marks = fill("What color is the {}?", noun)
    return QA("color", text, thing.color, marks)


def kind(scene: Scene, draws: Draws) -> QA | None:
    """'What is the red object?'."""
    thing = draws.pick(scene.things)
    noun = color_noun(scene, thing.color)
    if len(noun.cells) != 1:
        return None
    text, marks = fill("What is the {}?", noun)
    return QA("kind", text, kind_text(thing.kind), marks)


def place_name(cell: int) -> str:
    """The quarter of the picture: 'top left' ..."""
    return f"{'top' if cell < 8 else 'bottom'} {'left' if cell % 4 < 2 else 'right'}"


def place(scene: Scene, draws: Draws) -> QA | None:
    """'Where is the red circle?'."""
    thing = draws.pick(scene.things)
    nouns = lone_nouns(scene, thing)
    if not nouns:
        return None
    text, marks = fill("Where is the {}?", draws.pick(nouns))
    return QA("place", text, place_name(thing.cell), marks)


def side(scene: Scene, draws: Draws) -> QA | None:
    """'On which side is the red circle?'."""
    thing = draws.pick(scene.things)
    nouns = lone_nouns(scene, thing)
    if not nouns:
        return None
    text, marks = fill("On which side of the image is the {}?", draws.pick(nouns))
    return QA("side", text, "left" if thing.column < 2 else "right", marks)


def background(scene: Scene, draws: Draws) -> QA | None:
    """'What is the background?'."""
    return QA("background", "What is the background?", scene.place)
