"""The metrics table as claims ask it: a value by model, weights, KV scheme and metric."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from lvlm_compress.reporting import resources, values


@dataclass(frozen=True)
class Key:
    """One headline metric of one compressed model."""

    model: str
    weights: str
    kv: str
    benchmark: str
    metric: str


@dataclass(frozen=True)
class Grid:
    """All headline values of a grid; only grid labels that are canonical ids take part."""

    values: dict[Key, float]
    models: list[str]

    def get(self, model: str, weights: str, kv: str, metric: tuple[str, str]) -> float | None:
        """A value, or None."""
        return self.values.get(Key(model, weights, kv, *metric))

    def fp16(self, model: str, metric: tuple[str, str]) -> float | None:
        """The uncompressed model's value."""
        return self.get(model, "fp16", "fp16", metric)


def read(metrics: pl.DataFrame) -> Grid:
    """Headline values, offline ones where the paper's metric has none."""
    found: dict[Key, float] = {}
    for benchmark in resources.benchmarks():
        for metric in resources.headline(benchmark):
            for point in values.points(metrics, benchmark, metric):
                weights, kv = point.row["weights"], point.row["kv"]
                canonical = "+".join(part for part in (weights, kv) if part != "fp16") or "fp16"
                if point.label == canonical:
                    found[Key(point.model, weights, kv, benchmark, metric)] = point.value
    return Grid(found, values.models(metrics))


def headlines(benchmarks: list[str]) -> list[tuple[str, str]]:
    """(benchmark, metric) of all headline metrics of some benchmarks."""
    return [(b, m) for b in benchmarks for m in resources.headline(b)]
