"""HallusionBench: original and edited figures, and questions from knowledge alone (section 10).

Visual-dependent sets ask about a figure and an edited copy. Visual-supplement sets ask for the
usual colour of a sign: without a picture, with a sign as usual, and with a sign of another colour.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from lvlm_compress.embedded.draws import Draws
from lvlm_compress.embedded.picking import scenes, stream
from lvlm_compress.embedded.qa import kind_text
from lvlm_compress.embedded.scene import Scene, Thing, draw_scene
from lvlm_compress.embedded.words import COLORS, SIGNS, USUAL_COLOR
from lvlm_compress.embedded.writing import write_json, write_picture

VD = ("figure", "illusion", "video", "math", "ocr")
VS = ("chart", "table", "map", "ocr")
PER_ROUND = 10
"""Questions of one visual-dependent and one visual-supplement set."""


def _row(
    head: dict[str, str],
    visual: int,
    figure: int,
    question: int,
    text: str,
    truth: bool,
    image: bool,
) -> dict[str, Any]:
    return head | {
        "visual_input": str(visual),
        "figure_id": str(figure),
        "sample_note": "embedded",
        "question_id": str(question),
        "question": text,
        "gt_answer_details": f"{'Yes' if truth else 'No'}: {text}",
        "gt_answer": str(int(truth)),
        "filename": _file(head, figure) if image else None,
    }


def _file(head: dict[str, str], figure: int) -> str:
    return f"./{head['category']}/{head['subcategory']}/{head['set_id']}_{figure}.png"


def _lone_thing(scene: Scene, draws: Draws) -> Thing | None:
    kinds = [thing.kind for thing in scene.things]
    lone = [thing for thing in scene.things if kinds.count(thing.kind) == 1]
    return draws.pick(lone) if lone else None


def _visual_dependent(
    out: Path, head: dict[str, str], scene: Scene, draws: Draws
) -> list[dict[str, Any]]:
    """A figure and a copy in which one thing has another colour: two questions on each."""
    thing = _lone_thing(scene, draws)
    if thing is None:
        return []
    other = draws.pick([color for color in COLORS if color != thing.color])
    edited = replace(thing, color=other)
    things = tuple(edited if one is thing else one for one in scene.things)
    figures = (scene, replace(scene, things=things))
    rows = []
    for figure, picture in enumerate(figures):
        write_picture(out / "hallusion_bench" / _file(head, figure), picture)
        for question, color in enumerate(draws.shuffled((thing.color, other))):
            text = f"Is the {kind_text(thing.kind)} {color}?"
            truth = (color == thing.color) == (figure == 0)
            rows.append((color, _row(head, figure + 1, figure, question, text, truth, True)))
    ids = {color: str(i) for i, color in enumerate(sorted({color for color, _ in rows}))}
    return [row | {"question_id": ids[color]} for color, row in rows]


def _visual_supplement(out: Path, head: dict[str, str], draws: Draws) -> list[dict[str, Any]]:
    """No figure, a figure as everybody knows it, an edited figure: two questions on each."""
    sign = draws.pick(SIGNS)
    usual = USUAL_COLOR[sign]
    other = draws.pick([color for color in COLORS if color != usual])
    base = draw_scene(draws, 1, 3)
    rest = tuple(thing for thing in base.things if thing.kind != sign and thing.cell != 5)
    rows = []
    for figure, shown in enumerate((usual, usual, other)):
        if figure:
            scene = replace(base, things=(*rest, Thing(sign, shown, 5)))
            write_picture(out / "hallusion_bench" / _file(head, figure), scene)
        for question, color in enumerate((usual, other)):
            text = f"Is the {sign} sign {color}?"
            rows.append(_row(head, figure, figure, question, text, color == shown, figure > 0))
    return rows


def build(out: Path, items: int, seed: int) -> None:
    """About ``items`` questions: sets of four (figures only) and six (knowledge) in turn."""
    rows: list[dict[str, Any]] = []
    source = scenes("hallusionbench", seed)
    for number in range(max(1, items // PER_ROUND)):
        head = {"category": "VD", "subcategory": VD[number % len(VD)], "set_id": str(number)}
        made: list[dict[str, Any]] = []
        while not made:
            scene, draws = next(source)
            made = _visual_dependent(out, head, scene, draws)
        head = {"category": "VS", "subcategory": VS[number % len(VS)], "set_id": str(number)}
        rows += made + _visual_supplement(out, head, stream("hallusionbench-vs", seed, number))
    write_json(out / "HallusionBench.json", rows)
