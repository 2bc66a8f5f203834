"""The verdicts on one cell's answers: what the stage between generate and score writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl

from lvlm_compress import registry
from lvlm_compress.errors import UserError
from lvlm_compress.judging.client import Judge
from lvlm_compress.judging.spec import JudgeSpec
from lvlm_compress.judging.store import Store


def judged_benchmarks() -> list[str]:
    """Benchmarks whose folder has a `judge` module."""
    names = registry.benchmarks()
    return [name for name in names if find_spec(registry.benchmark_module(name, "judge"))]


def judge_cell(
    benchmark: str, rows: Sequence[Mapping[str, Any]], data: Path, judge: JudgeSpec, store: Path
) -> Any:
    """Ask the judge about every answer that it has not judged before.

    Args:
        benchmark: one of `judged_benchmarks`.
        rows: a generation's rows with `id` and `text`.
        data: the benchmark's own folder.
        judge: whom to ask, with what budget.
        store: folder of verdicts, shared by all cells.

    Returns:
        The grades in the benchmark's official format, as `ScoreInputs.grades` takes them.
    """
    if benchmark not in judged_benchmarks():
        raise UserError(f"'{benchmark}' has no judge; {', '.join(judged_benchmarks())} have.")
    module = registry.load(registry.benchmark_module(benchmark, "judge"))
    columns = {name: [row[name] for row in rows] for name in ("id", "text")}
    answers = pl.DataFrame(columns, schema={"id": pl.String, "text": pl.String})
    return module.grades(answers, data, Judge(judge, Store(store)))
