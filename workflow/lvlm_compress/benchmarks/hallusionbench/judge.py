"""HallusionBench's judge: is an answer correct, and is it the same as the original figure's?

Source: spec/benchmarks.md section 10 (the authors' `gpt4v_benchmark.py`). "incorrect" anywhere in
the reply is 0, else "correct" is 1, else 2 (unclear); "same" anywhere is "1", else "0".
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from lvlm_compress.benchmarks.answers import match
from lvlm_compress.benchmarks.hallusionbench.data import FIELDS, questions
from lvlm_compress.benchmarks.hallusionbench.verdicts import CHECK, SAME
from lvlm_compress.judging.client import Judge
from lvlm_compress.judging.spec import Request
from lvlm_compress.judging.templates import read_template

PAIR = ("category", "subcategory", "set_id", "question_id")
ORIGINAL = "0"


def grades(answers: pl.DataFrame, data: Path, judge: Judge) -> list[dict[str, Any]]:
    """The answered questions as the official result file has them, with both verdicts.

    An answer without a partner (figure 0 of its set and question) has no `same`.
    """
    frame = match(answers, questions(data), restrict=True).frame
    records = frame.select(*FIELDS, model_prediction="text").to_dicts()
    checks = _correctness(records, judge)
    firsts = {_pair(r): r["model_prediction"] for r in records if r["figure_id"] == ORIGINAL}
    partnered = [record for record in records if _pair(record) in firsts]
    same = iter(_sameness(partnered, firsts, judge))
    return [
        record | {CHECK: check} | ({SAME: next(same)} if _pair(record) in firsts else {})
        for record, check in zip(records, checks, strict=True)
    ]


def parse_correctness(reply: str) -> str:
    """Code 0 incorrect, 1 correct, 2 unclear; "not correct" is 1, as in the official script."""
    text = reply.lower()
    if "incorrect" in text:
        return "0"
    return "1" if "correct" in text else "2"


def parse_same(reply: str) -> str:
    """Code 1 if the reply says same, else 0."""
    return "1" if "same" in reply.lower() else "0"


def _correctness(records: list[dict[str, Any]], judge: Judge) -> list[str]:
    names = ("question", "truth", "prediction")
    template = read_template("hallusionbench_correctness", judge.spec.prompts, names)

    def check(record: dict[str, Any]) -> str:
        prompt = template.substitute(
            question=record["question"],
            truth=record["gt_answer_details"],
            prediction=record["model_prediction"],
        )
        return parse_correctness(judge.ask(Request(prompt, 0.0, None)).reply)

    return judge.each(check, records)


def _sameness(
    records: list[dict[str, Any]], firsts: dict[tuple[str, ...], str], judge: Judge
) -> list[str]:
    names = ("question", "original", "prediction")
    template = read_template("hallusionbench_same", judge.spec.prompts, names)

    def compare(record: dict[str, Any]) -> str:
        original = firsts[_pair(record)]
        if record["figure_id"] == ORIGINAL:
            return "1"
        prompt = template.substitute(
            question=record["question"], original=original, prediction=record["model_prediction"]
        )
        return parse_same(judge.ask(Request(prompt, 0.0, None)).reply)

    return judge.each(compare, records)


def _pair(record: dict[str, Any]) -> tuple[str, ...]:
    return tuple(record[name] for name in PAIR)
