"""Presence, attribute, side and relation as yes/no questions, half of them no, hard negatives."""

from __future__ import annotations

from lvlm_compress.embedded.draws import Draws
from lvlm_compress.embedded.qa import QA, Noun, color_noun, fill, full_noun, kind_noun
from lvlm_compress.embedded.questions.attributes import lone_nouns
from lvlm_compress.embedded.scene import Scene, Thing
from lvlm_compress.embedded.words import COLORS, KINDS, SCENES, SHAPES, SIGNS


def _answer(truth: bool) -> str:
    return "Yes" if truth else "No"


def _absent_kind(scene: Scene, draws: Draws) -> Noun | None:
    seen = {thing.kind for thing in scene.things}
    pool = SHAPES if draws.chance(0.5) else SIGNS
    rest = [kind for kind in pool if kind not in seen]
    return kind_noun(scene, draws.pick(rest)) if rest else None


def _absent_color(scene: Scene, draws: Draws) -> Noun | None:
    rest = [color for color in COLORS if all(thing.color != color for thing in scene.things)]
    return color_noun(scene, draws.pick(rest)) if rest else None


def _absent_pair(scene: Scene, draws: Draws) -> Noun | None:
    """A pair that is not there: half of the time both its words are (a hard negative)."""
    if draws.chance(0.5):
        color, kind = draws.pick(scene.things).color, draws.pick(scene.things).kind
    elif draws.chance(0.5):
        color, kind = draws.pick(COLORS), draws.pick(scene.things).kind
    else:
        color, kind = draws.pick(scene.things).color, draws.pick(KINDS)
    noun = full_noun(scene, color, kind)
    return None if noun.cells else noun


def _presence(kind: str, noun: Noun | None) -> QA | None:
    if noun is None:
        return None
    text, marks = fill("Is there a {} in the image?", noun)
    return QA(kind, text, _answer(bool(noun.cells)), marks)


def presence_kind(scene: Scene, draws: Draws) -> QA | None:
    """'Is there a circle in the image?'."""
    here = kind_noun(scene, draws.pick(scene.things).kind)
    return _presence("presence-kind", here if draws.chance(0.5) else _absent_kind(scene, draws))


def presence_color(scene: Scene, draws: Draws) -> QA | None:
    """'Is there a red object in the image?'."""
    here = color_noun(scene, draws.pick(scene.things).color)
    return _presence("presence-color", here if draws.chance(0.5) else _absent_color(scene, draws))


def presence_pair(scene: Scene, draws: Draws) -> QA | None:
    """'Is there a red circle in the image?'."""
    thing = draws.pick(scene.things)
    here = full_noun(scene, thing.color, thing.kind)
    return _presence("presence-pair", here if draws.chance(0.5) else _absent_pair(scene, draws))


def is_color(scene: Scene, draws: Draws) -> QA | None:
    """'Is the circle red?'; a wrong colour is mostly one that the picture shows."""
    thing = draws.pick(scene.things)
    noun = kind_noun(scene, thing.kind)
    if len(noun.cells) != 1:
        return None
    others = [color for color in COLORS if color != thing.color]
    shown = [t.color for t in scene.things if t.color != thing.color]
    wrong = draws.pick(shown if shown and draws.chance(0.5) else others)
    truth = draws.chance(0.5)
    text, marks = fill("Is the {} " + (thing.color if truth else wrong) + "?", noun)
    return QA("is-color", text, _answer(truth), marks)


def is_side(scene: Scene, draws: Draws) -> QA | None:
    """'Is the circle on the left side of the image?'."""
    thing = draws.pick(scene.things)
    nouns = lone_nouns(scene, thing)
    if not nouns:
        return None
    name = draws.pick(("left", "right", "top", "bottom"))
    truth = {
        "left": thing.column < 2,
        "right": thing.column >= 2,
        "top": thing.row < 2,
        "bottom": thing.row >= 2,
    }[name]
    text, marks = fill(f"Is the {{}} on the {name} side of the image?", draws.pick(nouns))
    return QA("is-side", text, _answer(truth), marks)


RELATIONS = ("to the left of", "to the right of", "above", "below")


def holds(relation: str, first: Thing, second: Thing) -> bool | None:
    """Whether the relation holds; None where the two share the row or column in question."""
    gap = second.column - first.column if relation in RELATIONS[:2] else second.row - first.row
    if gap == 0:
        return None
    return (gap > 0) == (relation in ("to the left of", "above"))


def relation(scene: Scene, draws: Draws) -> QA | None:
    """'Is the red circle to the left of the stop sign?'."""
    if len(scene.things) < 2:
        return None
    first, second = draws.sample(scene.things, 2)
    name = draws.pick(RELATIONS)
    truth = holds(name, first, second)
    firsts, seconds = lone_nouns(scene, first), lone_nouns(scene, second)
    if truth is None or not firsts or not seconds:
        return None
    nouns = draws.pick(firsts), draws.pick(seconds)
    text, marks = fill(f"Is the {{}} {name} the {{}}?", *nouns)
    return QA("relation", text, _answer(truth), marks)


def is_background(scene: Scene, draws: Draws) -> QA | None:
    """'Is the background snow?'."""
    truth = draws.chance(0.5)
    wrong = draws.pick([place for place in SCENES if place != scene.place])
    text = f"Is the background {scene.place if truth else wrong}?"
    return QA("is-background", text, _answer(truth))
