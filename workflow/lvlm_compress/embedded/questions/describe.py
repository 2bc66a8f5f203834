"""Open answers: a list of what the picture shows."""

from __future__ import annotations

from lvlm_compress.embedded.draws import Draws
from lvlm_compress.embedded.qa import QA, Mark, kind_text
from lvlm_compress.embedded.scene import Scene


def describe(scene: Scene, draws: Draws) -> QA | None:
    """'What does the image show?' for one to three things, in reading order."""
    if not 1 <= len(scene.things) <= 3 or scene.person is not None:
        return None
    parts = [f"{thing.color} {kind_text(thing.kind)}" for thing in scene.things]
    question = "What does the image show?"
    cells = frozenset(thing.cell for thing in scene.things)
    return QA("describe", question, ", ".join(parts), (Mark(len(question), cells=cells),))
