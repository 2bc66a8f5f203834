"""MME: two questions a picture, first yes, then no (benchmarks.md section 6).

The tasks keep their names; what they ask is what this world has: a celebrity is an
avatar, a scene a background, landmark, poster and artwork ask for colours, OCR counts signs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lvlm_compress.embedded.draws import Draws
from lvlm_compress.embedded.picking import Maker, scenes, stream, yes_and_no
from lvlm_compress.embedded.qa import QA, SHORT
from lvlm_compress.embedded.questions import counting, people, yesno
from lvlm_compress.embedded.scene import Scene, draw_person
from lvlm_compress.embedded.writing import write_jsonl, write_picture, write_text


def _is_gender(scene: Scene, draws: Draws) -> QA | None:
    return None if scene.person is None else people.is_gender(scene.person, draws)


TASKS: dict[str, Maker] = {
    "existence": yesno.presence_kind,
    "count": counting.is_count,
    "position": yesno.is_side,
    "color": yesno.is_color,
    "posters": yesno.is_color,
    "celebrity": _is_gender,
    "scene": yesno.is_background,
    "landmark": yesno.presence_color,
    "artwork": yesno.presence_color,
    "OCR": counting.is_sign_count,
}
FOLDERED = ("artwork", "celebrity", "landmark", "posters", "scene")
TAIL = " Please answer yes or no."
RELEASE = "MME_Benchmark_release_version"


def _pictures(task: str, seed: int) -> Iterator[tuple[Scene, Draws]]:
    if task != "celebrity":
        yield from scenes(f"mme-{task}", seed)
    for number in range(10**6):
        draws = stream("mme-celebrity", seed, number)
        yield draw_person(draws), draws


def _write_task(out: Path, task: str, pictures: int, seed: int) -> Iterator[dict[str, Any]]:
    """Write one task and yield the lines of the kit's question file."""
    base = out / RELEASE / task
    images, texts = ("images/", "questions_answers_YN/") if task in FOLDERED else ("", "")
    made = 0
    for scene, draws in _pictures(task, seed):
        pair = yes_and_no([TASKS[task]], scene, draws)
        if pair is None:
            continue
        made += 1
        name = f"{images}{made:06d}.jpg"
        write_picture(base / name, scene)
        lines = "".join(f"{qa.question}{TAIL}\t{qa.answer}\n" for qa in pair)
        write_text(base / f"{texts}{made:06d}.txt", lines)
        for qa in pair:
            path = f"{task}/{name}"
            text = qa.question + SHORT
            yield {"question_id": path, "image": path, "text": text, "category": task}
        if made == pictures:
            return


def build(out: Path, items: int, seed: int) -> None:
    """``items`` questions spread evenly over ten tasks, at least two pictures a task."""
    pictures = max(2, items // (2 * len(TASKS)))
    lines = [line for task in TASKS for line in _write_task(out, task, pictures, seed)]
    write_jsonl(out / "llava_mme.jsonl", lines)
