"""How many: as a number word and as a yes/no question."""

from __future__ import annotations

from lvlm_compress.embedded.draws import Draws
from lvlm_compress.embedded.qa import QA, Noun, fill, where
from lvlm_compress.embedded.scene import Scene
from lvlm_compress.embedded.words import COLORS, NUMBERS, SHAPES


def _plural(scene: Scene, draws: Draws) -> Noun:
    """'circles', 'red objects', 'signs' or 'objects'; nothing there is rare."""
    choice = draws.below(4)
    if choice == 0:
        shown = [t.kind for t in scene.things if not t.is_sign]
        kind = draws.pick(shown if shown and draws.chance(0.85) else SHAPES)
        return Noun(f"{kind}s", where(scene, lambda thing: thing.kind == kind))
    if choice == 1:
        shown = [t.color for t in scene.things]
        color = draws.pick(shown if draws.chance(0.85) else COLORS)
        return Noun(f"{color} objects", where(scene, lambda thing: thing.color == color))
    if choice == 2:
        return Noun("signs", where(scene, lambda thing: thing.is_sign))
    return Noun("objects", where(scene, lambda thing: True))


def count(scene: Scene, draws: Draws) -> QA | None:
    """'How many circles are there?'."""
    noun = _plural(scene, draws)
    text, marks = fill("How many {} are there?", noun)
    return QA("count", text, NUMBERS[len(noun.cells)], marks)


def is_count(scene: Scene, draws: Draws) -> QA | None:
    """'Are there three circles in the image?'."""
    return _verify(_plural(scene, draws), draws)


def is_sign_count(scene: Scene, draws: Draws) -> QA | None:
    """'Are there two signs in the image?'."""
    return _verify(Noun("signs", where(scene, lambda thing: thing.is_sign)), draws)


def _verify(noun: Noun, draws: Draws) -> QA:
    right = len(noun.cells)
    truth = draws.chance(0.5)
    near = [n for n in range(1, 6) if n != right and abs(n - right) <= 2]
    number = NUMBERS[right if truth else draws.pick(near)]
    text, marks = fill(f"Are there {number} {{}} in the image?", noun)
    return QA("is-count", text, "Yes" if truth else "No", marks)
