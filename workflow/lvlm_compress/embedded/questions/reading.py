"""What a sign says, with and without a line of OCR tokens."""

from __future__ import annotations

from lvlm_compress.embedded.draws import Draws
from lvlm_compress.embedded.qa import QA, Noun, fill, where
from lvlm_compress.embedded.scene import Scene
from lvlm_compress.embedded.words import SIGNS


def _sign_noun(scene: Scene, draws: Draws) -> tuple[Noun, str] | None:
    signs = [thing for thing in scene.things if thing.is_sign]
    if not signs:
        return None
    sign = draws.pick(signs)
    if len(signs) == 1 and draws.chance(0.6):
        return Noun("sign", frozenset({sign.cell})), sign.kind
    cells = where(scene, lambda thing: thing.is_sign and thing.color == sign.color)
    return (Noun(f"{sign.color} sign", cells), sign.kind) if len(cells) == 1 else None


def read(scene: Scene, draws: Draws) -> QA | None:
    """'What does the red sign say?'."""
    found = _sign_noun(scene, draws)
    if found is None:
        return None
    noun, word = found
    text, marks = fill("What does the {} say?", noun)
    return QA("read", text, word, marks)


def ocr_tokens(scene: Scene, draws: Draws) -> list[str]:
    """What an OCR system would list: the signs in reading order, at times one more."""
    words = [thing.kind for thing in scene.things if thing.is_sign]
    if draws.chance(0.3):
        words.insert(draws.below(len(words) + 1), draws.pick(SIGNS))
    return words


def read_ocr(scene: Scene, draws: Draws) -> QA | None:
    """The same with TextVQA's line of OCR tokens."""
    qa = read(scene, draws)
    if qa is None:
        return None
    line = f"\nReference OCR token: {', '.join(ocr_tokens(scene, draws))}"
    return QA("read-ocr", qa.question + line, qa.answer, qa.marks).short()


def is_word(scene: Scene, draws: Draws) -> QA | None:
    """'Is the word on the sign "taxi"?'."""
    found = _sign_noun(scene, draws)
    if found is None:
        return None
    noun, word = found
    truth = draws.chance(0.5)
    shown = word if truth else draws.pick([other for other in SIGNS if other != word])
    text, marks = fill(f"Is the word on the {{}} {shown}?", noun)
    return QA("is-word", text, "Yes" if truth else "No", marks)
