"""ScienceQA: multiple choice with and without a picture (benchmarks.md section 7)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lvlm_compress.embedded.picking import scenes
from lvlm_compress.embedded.qa import LETTER, QA
from lvlm_compress.embedded.questions import choice
from lvlm_compress.embedded.writing import write_json, write_picture

_SUBJECTS = ("natural science", "language science", "social science")


def _split(qa: QA) -> tuple[str, str, list[str]]:
    """A lettered question -> (hint, question, options)."""
    text = qa.question
    hint = ""
    if text.startswith(choice.HINT):
        hint, text = choice.HINT.removeprefix("Context: ").rstrip("\n"), text[len(choice.HINT) :]
    question, *lines = text.split("\n")
    return hint, question, [line[3:] for line in lines]


def _problem(qa: QA, number: int) -> dict[str, Any]:
    hint, question, options = _split(qa)
    return {
        "question": question,
        "choices": options,
        "answer": choice.LETTERS.index(qa.answer),
        "hint": hint,
        "image": "image.png" if qa.picture else None,
        "task": "closed choice",
        "grade": f"grade{1 + number % 12}",
        "subject": _SUBJECTS[number % len(_SUBJECTS)],
        "topic": "embedded",
        "category": "Pictures" if qa.picture else "Words",
        "skill": "Look and choose" if qa.picture else "Know and choose",
        "lecture": "",
        "solution": "",
        "split": "test",
    }


def _kit(qa: QA, pid: str) -> dict[str, Any]:
    lead = "<image>\n" if qa.picture else ""
    record: dict[str, Any] = {"id": pid}
    if qa.picture:
        record["image"] = f"{pid}/image.png"
    turns = [
        {"from": "human", "value": lead + qa.question + LETTER},
        {"from": "gpt", "value": qa.answer},
    ]
    return record | {"conversations": turns}


def build(out: Path, items: int, seed: int) -> None:
    """Picture questions and text-only questions in turn."""
    problems: dict[str, dict[str, Any]] = {}
    kit = []
    source = scenes("scienceqa", seed)
    while len(problems) < items:
        scene, draws = next(source)
        qa = choice.choice(scene, draws) if len(problems) % 2 == 0 else choice.text_choice(draws)
        if qa is None:
            continue
        pid = str(len(problems) + 1)
        problems[pid] = _problem(qa, len(problems))
        kit.append(_kit(qa, pid))
        if qa.picture:
            write_picture(out / "images" / "test" / pid / "image.png", scene)
    write_json(out / "problems.json", problems)
    write_json(out / "pid_splits.json", {"test": list(problems), "minitest": list(problems)[:10]})
    write_json(out / "llava_test_CQM-A.json", kit)
