"""One question, its answer, and where in the picture its noun phrases point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from lvlm_compress.embedded.scene import Scene, Thing

SHORT = "\nAnswer the question using a single word or phrase."
LETTER = "\nAnswer with the option's letter from the given choices directly."


@dataclass(frozen=True)
class Noun:
    """A noun phrase and the cells it names (none: absent)."""

    text: str
    cells: frozenset[int]


@dataclass(frozen=True)
class Mark:
    """A phrase that ends at character ``end`` of the question.

    ``cells`` is what the grounding head must say there (None: nothing to learn), ``right`` is what
    the option head must say (None: not an option).
    """

    end: int
    cells: frozenset[int] | None = None
    right: bool | None = None


@dataclass(frozen=True)
class QA:
    """``kind`` names the type for the gate; ``picture`` is False for a text-only question."""

    kind: str
    question: str
    answer: str
    marks: tuple[Mark, ...] = ()
    suffix: str = ""
    picture: bool = True

    @property
    def prompt(self) -> str:
        """The question as the benchmark hands it to the model."""
        return self.question + self.suffix

    def short(self) -> QA:
        """With the single-word suffix."""
        return replace(self, suffix=SHORT)


def where(scene: Scene, test: Callable[[Thing], bool]) -> frozenset[int]:
    """The cells of all things that pass ``test``."""
    return frozenset(thing.cell for thing in scene.things if test(thing))


def kind_noun(scene: Scene, kind: str) -> Noun:
    """'circle' or 'stop sign'."""
    return Noun(kind_text(kind), where(scene, lambda thing: thing.kind == kind))


def color_noun(scene: Scene, color: str) -> Noun:
    """'red object'."""
    return Noun(f"{color} object", where(scene, lambda thing: thing.color == color))


def full_noun(scene: Scene, color: str, kind: str) -> Noun:
    """'red circle'."""
    cells = where(scene, lambda thing: (thing.color, thing.kind) == (color, kind))
    return Noun(f"{color} {kind_text(kind)}", cells)


def kind_text(kind: str) -> str:
    """How a kind is called: shapes by their name, signs as 'stop sign'."""
    return (Thing(kind, "", 0).is_sign and f"{kind} sign") or kind


def fill(template: str, *nouns: Noun) -> tuple[str, tuple[Mark, ...]]:
    """Put the nouns into a template's ``{}`` and mark where each ends."""
    pieces = template.split("{}")
    text, marks = pieces[0], []
    for noun, piece in zip(nouns, pieces[1:], strict=True):
        text += noun.text
        marks.append(Mark(len(text), cells=noun.cells))
        text += piece
    return text, tuple(marks)
