"""Small data files beside the workflow: the paper's numbers and what each benchmark reports."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

PAPER = Path(__file__).resolve().parents[2] / "resources" / "paper"


@dataclass(frozen=True)
class Metric:
    """How a metric is shown; `better` is `up`, `down` or the value that is best."""

    benchmark: str
    name: str
    title: str
    digits: int
    better: str | float
    full: float
    headline: bool
    paper: tuple[str, str] | None


@cache
def _file() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((PAPER / "metrics.yaml").read_text(encoding="utf-8"))
    return content


@cache
def metrics(benchmark: str) -> dict[str, Metric]:
    """The metrics of a benchmark that tables and figures show; empty for an unknown benchmark."""
    shown = _file().get(benchmark, {}).get("metrics", {})
    return {name: _metric(benchmark, name, entry) for name, entry in shown.items()}


def _metric(benchmark: str, name: str, entry: dict[str, Any]) -> Metric:
    paper = entry.get("paper")
    return Metric(
        benchmark=benchmark,
        name=name,
        title=entry["title"],
        digits=entry["digits"],
        better=entry["better"],
        full=float(entry["full"]),
        headline=entry.get("headline", False),
        paper=(paper[0], paper[1]) if paper else None,
    )


def headline(benchmark: str) -> list[str]:
    """The metrics that stand for a benchmark; a benchmark not in the file has none."""
    return [name for name, metric in metrics(benchmark).items() if metric.headline]


def is_headline(benchmark: str, metric: str) -> bool:
    """Whether the Holm family of the grid counts this metric, by itself or as its offline form."""
    return metric.removeprefix("offline_") in headline(benchmark)


def title(benchmark: str) -> str:
    """The benchmark's name as the paper writes it."""
    return str(_file().get(benchmark, {}).get("title", benchmark))


def right_from(benchmark: str) -> float | None:
    """The score from which an answer is right; None where there is no right and wrong."""
    value = _file().get(benchmark, {}).get("right")
    return None if value is None else float(value)


def benchmarks() -> list[str]:
    """Benchmark ids in the paper's order."""
    return list(_file())
