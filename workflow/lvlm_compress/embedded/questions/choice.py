"""Multiple choice: a question with two to four lettered options, answered by the letter."""

from __future__ import annotations

from collections.abc import Sequence

from lvlm_compress.embedded.draws import Draws
from lvlm_compress.embedded.qa import LETTER, QA, Mark, kind_text
from lvlm_compress.embedded.questions import attributes, counting, reading
from lvlm_compress.embedded.scene import Scene
from lvlm_compress.embedded.words import COLORS, KINDS, NUMBERS, SIGNS, USUAL_COLOR

HINT = "Context: Look at the picture.\n"
LETTERS = "ABCD"
_PLACES = ("top left", "top right", "bottom left", "bottom right")
_POOLS = {
    "color": COLORS,
    "kind": tuple(kind_text(kind) for kind in KINDS),
    "place": _PLACES,
    "count": NUMBERS[1:],
    "read": SIGNS,
}


def options(qa: QA, pool: Sequence[str], draws: Draws, most: int) -> QA:
    """Turn ``qa`` into a choice between its answer and others of ``pool``."""
    others = [word for word in pool if word != qa.answer]
    wrong = draws.sample(others, min(1 + draws.below(most - 1), len(others)))
    words = draws.shuffled([qa.answer, *wrong])
    text, marks = qa.question, list(qa.marks)
    for letter, word in zip(LETTERS, words, strict=False):
        text += f"\n{letter}. {word}"
        marks.append(Mark(len(text), right=word == qa.answer))
    return QA("choice", text, LETTERS[words.index(qa.answer)], tuple(marks), LETTER, qa.picture)


def with_hint(qa: QA) -> QA:
    """The same question after a line of context."""
    marks = tuple(Mark(m.end + len(HINT), m.cells, m.right) for m in qa.marks)
    return QA(qa.kind, HINT + qa.question, qa.answer, marks, qa.suffix, qa.picture)


def choice(scene: Scene, draws: Draws, most: int = 4) -> QA | None:
    """A picture question with options."""
    makers = (
        attributes.color,
        attributes.color,
        attributes.kind,
        attributes.place,
        counting.count,
        reading.read,
    )
    qa = draws.pick(makers)(scene, draws)
    if qa is None or qa.answer == NUMBERS[0]:
        return None
    qa = options(qa, _POOLS[qa.kind], draws, most)
    return with_hint(qa) if draws.chance(0.3) else qa


_CLASSES = {
    "a color": COLORS,
    "a shape": KINDS[:6],
    "a sign": SIGNS,
    "a number": NUMBERS[1:],
}


def text_choice(draws: Draws, most: int = 4) -> QA:
    """A text-only question with options: the class of a word or the usual colour of a sign."""
    if draws.chance(0.5):
        sign = draws.pick(SIGNS)
        question = f"What is the usual color of the {sign} sign?"
        qa = QA("usual", question, USUAL_COLOR[sign], picture=False)
        pool: Sequence[str] = COLORS
    else:
        name = draws.pick(tuple(_CLASSES))
        pool = [w for other, words in _CLASSES.items() if other != name for w in words]
        question = f"Which of these is {name}?"
        qa = QA("class", question, draws.pick(_CLASSES[name]), picture=False)
    made = options(qa, pool, draws, most)
    return QA("text-choice", made.question, made.answer, made.marks, LETTER, picture=False)
