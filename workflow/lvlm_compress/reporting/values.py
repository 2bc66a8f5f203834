"""Single values picked from the metrics table, for figures and claims."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import polars as pl

from lvlm_compress.reporting import resources, schemes
from lvlm_compress.reporting.schemes import Compression


@dataclass(frozen=True)
class Point:
    """One compression's value; `low` and `high` are None where there is no interval."""

    model: str
    label: str
    compression: Compression
    value: float
    low: float | None
    high: float | None
    offline: bool
    row: dict[str, Any]

    @property
    def name(self) -> str:
        """What stands at the axis: the scheme, and the label of a variant of it."""
        parts = [part for part in (self.row["weights"], self.row["kv"]) if part != "fp16"]
        plain = ("+".join(parts) or "fp16") == self.label
        return schemes.label(self.compression) if plain else self.label


def models(metrics: pl.DataFrame) -> list[str]:
    """Models of the grid by name."""
    return sorted(metrics["model"].unique().to_list())


def points(metrics: pl.DataFrame, benchmark: str, metric: str) -> list[Point]:
    """All values of a metric, or of its offline form where the metric has none, in table order."""
    rows = metrics.filter(
        (pl.col("benchmark") == benchmark)
        & pl.col("metric").is_in([metric, f"offline_{metric}"])
        & pl.col("value").is_not_null()
    ).iter_rows(named=True)
    found: dict[tuple[str, str], Point] = {}
    for row in sorted(rows, key=lambda row: row["metric"] != metric):
        found.setdefault((row["model"], row["compression"]), _point(row, metric))
    return ordered(found.values())


def ordered(unsorted: Iterable[Point]) -> list[Point]:
    """By model, then as the tables order compressions."""
    return sorted(unsorted, key=lambda p: (p.model, schemes.order(p.compression, p.label)))


def _point(row: dict[str, Any], metric: str) -> Point:
    return Point(
        model=row["model"],
        label=row["compression"],
        compression=schemes.parse(row["weights"], row["kv"]),
        value=row["value"],
        low=row["ci_low"],
        high=row["ci_high"],
        offline=row["metric"] != metric,
        row=row,
    )


def lookup(metrics: pl.DataFrame, benchmark: str, metric: str) -> dict[tuple[str, str], float]:
    """(model, compression) -> value."""
    return {(p.model, p.label): p.value for p in points(metrics, benchmark, metric)}


def accuracy_benchmarks() -> list[str]:
    """Benchmarks whose headline is an accuracy: those with right and wrong answers."""
    return [name for name in resources.benchmarks() if resources.right_from(name) is not None]


def mean_accuracy(metrics: pl.DataFrame) -> tuple[list[Point], list[str]]:
    """Mean over the accuracy benchmarks, each in percent of its scale, and which they are.

    Only benchmarks that every compression of a model has count, so that all means of a model are
    of the same benchmarks. No interval: the benchmarks' intervals are not independent of choice.
    """
    found = {b: points(metrics, b, resources.headline(b)[0]) for b in accuracy_benchmarks()}
    out: list[Point] = []
    used: set[str] = set()
    for model in models(metrics):
        by_benchmark = {b: {p.label: p for p in ps if p.model == model} for b, ps in found.items()}
        largest = max((len(ps) for ps in by_benchmark.values()), default=0)
        full = {b: ps for b, ps in by_benchmark.items() if ps and len(ps) == largest}
        used |= set(full)
        for label in next(iter(full.values()), {}):
            same = [(b, ps[label]) for b, ps in full.items() if label in ps]
            percent = [100 * p.value / _full(b) for b, p in same]
            first = same[0][1]
            out.append(
                Point(model, label, first.compression, fmean(percent), None, None, False, first.row)
            )
    return ordered(out), [b for b in resources.benchmarks() if b in used]


def _full(benchmark: str) -> float:
    return resources.metrics(benchmark)[resources.headline(benchmark)[0]].full


def ablation(metrics: pl.DataFrame) -> tuple[list[Point], str]:
    """What figures 5 and 6 plot: MM-Vet, or what stands in for it, and the axis label.

    Without a judge MM-Vet has no value; the mean accuracy over the benchmarks that have one is
    shown instead, and the label says so.
    """
    found = points(metrics, "mmvet", "total")
    if found:
        offline = any(p.offline for p in found)
        return found, "MM-Vet (offline rule)" if offline else "MM-Vet"
    means, used = mean_accuracy(metrics)
    return means, f"mean accuracy (%), {len(used)} benchmarks; MM-Vet lacks a judge"
