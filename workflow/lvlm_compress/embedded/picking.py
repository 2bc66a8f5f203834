"""Scenes and questions of the embedded benchmarks, from streams that training never draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from lvlm_compress.embedded.draws import Draws
from lvlm_compress.embedded.qa import QA
from lvlm_compress.embedded.scene import Scene, draw_scene

Maker = Callable[[Scene, Draws], QA | None]
STREAM = "benchmark"
TRIES = 60


def stream(benchmark: str, seed: int, *rest: str | int) -> Draws:
    """A stream of one benchmark; training uses other first names."""
    return Draws(STREAM, benchmark, seed, *rest)


def scenes(
    benchmark: str, seed: int, fewest: int = 2, most: int = 4
) -> Iterator[tuple[Scene, Draws]]:
    """Pictures of things, without end, each with the stream for its questions."""
    number = 0
    while True:
        draws = stream(benchmark, seed, number)
        yield draw_scene(draws, fewest, most), draws
        number += 1


def ask(
    makers: Sequence[Maker], scene: Scene, draws: Draws, answer: str | None = None
) -> QA | None:
    """A question of one of the makers, with a given answer if one is named; None if none fits."""
    for _ in range(TRIES):
        qa = draws.pick(makers)(scene, draws)
        if qa is not None and answer in (None, qa.answer):
            return qa
    return None


def yes_and_no(makers: Sequence[Maker], scene: Scene, draws: Draws) -> tuple[QA, QA] | None:
    """A question of the picture that is to be answered Yes and one that is to be answered No."""
    yes, no = (ask(makers, scene, draws, answer) for answer in ("Yes", "No"))
    return None if yes is None or no is None else (yes, no)
