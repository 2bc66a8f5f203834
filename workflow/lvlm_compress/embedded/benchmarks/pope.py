"""POPE: presence questions, three splits (benchmarks.md section 9).

The adversarial split asks for colours: the pairs of colour and kind that would be adversarial here
('red circle' beside a red square and a blue circle) are below the gate of 20 points above chance.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from lvlm_compress.embedded.draws import Draws
from lvlm_compress.embedded.picking import scenes
from lvlm_compress.embedded.qa import Noun, color_noun, kind_noun
from lvlm_compress.embedded.scene import Scene
from lvlm_compress.embedded.words import COLORS, KINDS, SHAPES
from lvlm_compress.embedded.writing import write_jsonl, write_picture

PER_PICTURE = 6
_FIRST_ID = 1


def _absent(split: str, scene: Scene, draws: Draws) -> Noun:
    """Random: any kind; popular: the shapes, most frequent; adversarial: a colour."""
    if split == "adversarial":
        seen = {thing.color for thing in scene.things}
        return color_noun(scene, draws.pick([color for color in COLORS if color not in seen]))
    seen = {thing.kind for thing in scene.things}
    pool = SHAPES if split == "popular" else KINDS
    return kind_noun(scene, draws.pick([kind for kind in pool if kind not in seen]))


def _present(split: str, scene: Scene, draws: Draws) -> Noun:
    thing = draws.pick(scene.things)
    if split == "adversarial":
        return color_noun(scene, thing.color)
    return kind_noun(scene, thing.kind)


def _questions(split: str, scene: Scene, draws: Draws) -> list[tuple[str, str]]:
    asked: dict[str, str] = {}
    for _ in range(40):
        counts = Counter(asked.values())
        label = "yes" if counts["yes"] <= counts["no"] else "no"
        noun = (_present if label == "yes" else _absent)(split, scene, draws)
        asked.setdefault(noun.text, label)
        if len(asked) == PER_PICTURE:
            break
    return list(asked.items())


def build(out: Path, items: int, seed: int) -> None:
    """``items`` questions in each split; half of them yes, up to the rounding of one picture."""
    source = scenes("pope", seed, 3, 4)
    pictures = [next(source) for _ in range(-(-items // PER_PICTURE))]
    for number, (scene, _) in enumerate(pictures):
        write_picture(out / "val2014" / _name(number), scene)
    for split in ("random", "popular", "adversarial"):
        rows = [
            {"image": _name(number), "text": f"Is there a {text} in the image?", "label": label}
            for number, (scene, draws) in enumerate(pictures)
            for text, label in _questions(split, scene, draws)
        ]
        numbered = [{"question_id": i + _FIRST_ID} | row for i, row in enumerate(rows[:items])]
        write_jsonl(out / "coco" / f"coco_pope_{split}.json", numbered)


def _name(number: int) -> str:
    return f"COCO_val2014_{number + 1:012d}.jpg"
