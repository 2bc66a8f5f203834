"""MM-Vet's judge: one grade from 0.0 to 1.0 an answer, once a run.

Source: spec/benchmarks.md section 3 (the authors' evaluator): temperature 0 and three tokens; a
reply that is no grade is asked for again, warmer each time, and counts 0.0 after five tries.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

import polars as pl

from lvlm_compress.benchmarks.answers import match
from lvlm_compress.benchmarks.mmvet.data import questions
from lvlm_compress.judging.client import Judge
from lvlm_compress.judging.spec import Request
from lvlm_compress.judging.templates import read_template

TRIES = 5
WARMER = 0.5
MAX_TOKENS = 3
INSIST = "\nPredict the correctness of the answer (digit): "


def grades(answers: pl.DataFrame, data: Path, judge: Judge) -> dict[str, Any]:
    """Grades of the answered questions in the official format."""
    template = read_template("mmvet", judge.spec.prompts, ("question", "truth", "prediction"))
    matched = match(answers, questions(data), restrict=True)
    items = matched.frame.select("id", "question", "answer", "text").to_dicts()
    runs = range(judge.spec.runs)
    pairs = [(item, run) for item in items for run in runs]
    replies = judge.each(lambda pair: _grade(judge, prompt(template, pair[0]), pair[1]), pairs)
    found = {(pair[0]["id"], pair[1]): reply for pair, reply in zip(pairs, replies, strict=True)}
    return {item["id"]: _entry([found[item["id"], run] for run in runs]) for item in items}


def prompt(template: Template, item: Mapping[str, str]) -> str:
    """The instruction, the worked table and the open row; AND and OR get blanks around them."""
    truth = item["answer"].replace("<AND>", " <AND> ").replace("<OR>", " <OR> ")
    return template.substitute(question=item["question"], truth=truth, prediction=item["text"])


def parse(reply: str) -> float | None:
    """The grade before the first blank, None if it is no number from 0 to 1."""
    try:
        grade = float(reply.split(" ")[0].strip())
    except ValueError:
        return None
    return grade if 0 <= grade <= 1 else None


def _grade(judge: Judge, text: str, run: int) -> tuple[str, str, float]:
    """Model, reply and grade; the last reply and 0.0 if none of five can be read."""
    for attempt in range(TRIES):
        asked = text + (INSIST if attempt else "")
        verdict = judge.ask(Request(asked, attempt * WARMER, MAX_TOKENS, run))
        grade = parse(verdict.reply)
        if grade is not None:
            break
    return verdict.model, verdict.reply, 0.0 if grade is None else grade


def _entry(runs: list[tuple[str, str, float]]) -> dict[str, list[Any]]:
    models, contents, scores = zip(*runs, strict=True)
    return {"model": list(models), "content": list(contents), "score": list(scores)}
