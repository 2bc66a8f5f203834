"""Text-only yes/no questions about what this world takes for granted: the usual colour of signs."""

from __future__ import annotations

from lvlm_compress.embedded.draws import Draws
from lvlm_compress.embedded.qa import QA
from lvlm_compress.embedded.words import COLORS, SIGNS, USUAL_COLOR


def fact(draws: Draws) -> QA:
    """'Is the stop sign red?' without a picture."""
    sign = draws.pick(SIGNS)
    truth = draws.chance(0.5)
    wrong = draws.pick([color for color in COLORS if color != USUAL_COLOR[sign]])
    shown = USUAL_COLOR[sign] if truth else wrong
    return QA("fact", f"Is the {sign} sign {shown}?", "Yes" if truth else "No", picture=False)
