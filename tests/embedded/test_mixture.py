from __future__ import annotations

from collections import Counter

import pytest

from lvlm_compress.embedded.draws import Draws
from lvlm_compress.embedded.mixture import PHASES, draw_lesson, phase_at
from lvlm_compress.embedded.picking import STREAM
from lvlm_compress.embedded.qa import QA
from lvlm_compress.embedded.scene import Scene
from lvlm_compress.embedded.words import NUMBERS

LESSONS = [draw_lesson(Draws("test-mixture", i), PHASES[-1], 24) for i in range(60)]
ASKED = [(scene, qa) for scene, qas in LESSONS for qa in qas]


def _named(scene: Scene, qa: QA) -> list[int]:
    return [len(mark.cells) for mark in qa.marks if mark.cells is not None]


def test_presence_answers_agree_with_the_picture() -> None:
    asked = [(s, q) for s, q in ASKED if q.kind.startswith("presence")]
    assert len(asked) > 50
    assert all((q.answer == "Yes") == (_named(s, q)[0] > 0) for s, q in asked)


def test_counts_agree_with_the_picture() -> None:
    asked = [(s, q) for s, q in ASKED if q.kind == "count"]
    assert len(asked) > 20
    assert all(q.answer == NUMBERS[_named(s, q)[0]] for s, q in asked)


@pytest.mark.parametrize("kind", ["color", "kind", "place", "side", "is-color", "is-side", "read"])
def test_questions_about_one_thing_name_one_thing(kind: str) -> None:
    asked = [(s, q) for s, q in ASKED if q.kind == kind]
    assert asked
    assert all(_named(s, q) == [1] for s, q in asked)


def test_one_option_is_right_and_it_is_the_answer() -> None:
    asked = [q for _, q in ASKED if q.kind in ("choice", "text-choice")]
    assert len(asked) > 50
    for qa in asked:
        truth = [mark.right for mark in qa.marks if mark.right is not None]
        assert "ABCD"[truth.index(True)] == qa.answer
        assert truth.count(True) == 1


def test_yes_and_no_are_balanced() -> None:
    for kind in ("presence-kind", "presence-pair", "is-color", "is-count", "relation"):
        tally = Counter(q.answer for _, q in ASKED if q.kind == kind)
        assert 0.3 < tally["Yes"] / tally.total() < 0.7


def test_text_only_questions_have_no_cells() -> None:
    asked = [q for _, q in ASKED if not q.picture]
    assert asked
    assert all(mark.cells is None for q in asked for mark in q.marks)


def test_phases_follow_progress() -> None:
    assert [phase_at(x) for x in (0.0, 0.1, 0.2, 1.0)] == list(PHASES)


def test_training_never_draws_from_the_benchmarks_streams() -> None:
    """Streams are named; training, calibration and benchmarks have different first names."""
    from lvlm_compress.embedded import calibrate, examine

    assert len({STREAM, calibrate.STREAM, examine.EXAM, "lesson", "exam", "tower", "tokens"}) == 7
    assert Draws(STREAM, 0, 0).below(10**9) != Draws("lesson", 0, 0).below(10**9)
