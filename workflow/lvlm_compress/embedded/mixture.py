"""Which questions a training picture carries, from the first phase to the last."""

from __future__ import annotations

from dataclasses import dataclass

from lvlm_compress.embedded.draws import Draws
from lvlm_compress.embedded.qa import QA
from lvlm_compress.embedded.questions import (
    attributes,
    choice,
    counting,
    describe,
    facts,
    people,
    reading,
    yesno,
)
from lvlm_compress.embedded.scene import Scene, draw_person, draw_scene


@dataclass(frozen=True)
class Phase:
    """A part of the curriculum, up to ``until`` (share of all steps)."""

    until: float
    fewest: int
    most: int
    options: int
    people: float
    hard: float


PHASES = (
    Phase(0.06, 1, 2, 2, 0.0, 0.0),
    Phase(0.16, 1, 3, 2, 0.15, 0.6),
    Phase(0.30, 1, 4, 3, 0.2, 1.0),
    Phase(1.00, 1, 5, 4, 0.2, 1.0),
)

_EASY = (
    (attributes.color, 3), (attributes.kind, 2), (attributes.place, 2), (attributes.side, 1),
    (attributes.background, 1), (yesno.presence_kind, 3), (yesno.presence_color, 2),
    (reading.read, 1), (counting.count, 2),
)  # fmt: skip
_HARD = (
    (yesno.presence_pair, 3), (yesno.is_color, 3), (yesno.is_side, 2), (yesno.relation, 4),
    (yesno.is_background, 1), (counting.is_count, 2), (reading.read_ocr, 1), (reading.is_word, 1),
    (describe.describe, 1),
)  # fmt: skip
_EASY_POOL = tuple(maker for maker, weight in _EASY for _ in range(weight))
_HARD_POOL = tuple(maker for maker, weight in _HARD for _ in range(weight))
_PEOPLE = (
    people.gender, people.is_gender, people.is_body, people.habit, people.habit, people.habit,
    people.keywords,
)  # fmt: skip


def phase_at(progress: float) -> Phase:
    """The phase of a training step (progress in [0, 1])."""
    return next(phase for phase in PHASES if progress <= phase.until)


def draw_question(scene: Scene, phase: Phase, draws: Draws) -> QA | None:
    """One question of the mixture; None where the drawn type does not fit the picture."""
    if scene.person is not None:
        qa: QA | None = draws.pick(_PEOPLE)(scene.person, draws)
        bare = qa is None or qa.kind in ("habit", "keywords") or draws.chance(0.4)
        return qa if qa is None or bare else qa.short()
    if draws.chance(0.18 if phase.hard else 0.05):
        if draws.chance(0.25):
            return (
                facts.fact(draws) if draws.chance(0.4) else choice.text_choice(draws, phase.options)
            )
        return choice.choice(scene, draws, phase.options)
    pool = _HARD_POOL if draws.chance(0.5 * phase.hard) else _EASY_POOL
    qa = draws.pick(pool)(scene, draws)
    return qa.short() if qa is not None and not qa.suffix and draws.chance(0.6) else qa


def draw_lesson(draws: Draws, phase: Phase, questions: int) -> tuple[Scene, list[QA]]:
    """A picture and up to ``questions`` different questions."""
    if draws.chance(phase.people):
        scene = draw_person(draws)
        questions = questions * 2 // 3
    else:
        scene = draw_scene(draws, phase.fewest, phase.most)
    made: dict[str, QA] = {}
    for _ in range(questions * 2):
        qa = draw_question(scene, phase, draws)
        if qa is not None and len(made) < questions:
            made.setdefault(qa.prompt, qa)
    return scene, list(made.values())
