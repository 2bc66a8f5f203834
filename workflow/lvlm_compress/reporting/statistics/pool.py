"""Cells that differ in nothing but the seed are one row of the results."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import fmean, stdev

import polars as pl

from lvlm_compress.reporting import schemes
from lvlm_compress.reporting.cells import ReportCell
from lvlm_compress.reporting.statistics.load import CellScore

# What a reader must know first where seeds differ in state.
_WORST = ("failed", "not_run", "official_script_failed")


@dataclass(frozen=True)
class Pool:
    """All seeds of one (model, compression, benchmark); `scores` in the order of seeds."""

    scores: tuple[CellScore, ...]

    @property
    def cell(self) -> ReportCell:
        """The first seed's cell, for what all seeds share."""
        return self.scores[0].cell

    @property
    def scored(self) -> list[CellScore]:
        """The seeds that have a score."""
        return [score for score in self.scores if score.body is not None]

    @property
    def is_baseline(self) -> bool:
        """True for the uncompressed model."""
        return schemes.parse(self.cell.weights, self.cell.kv).is_baseline

    @property
    def digest(self) -> str:
        """The seeds' digests, joined by `+`."""
        return "+".join(score.cell.digest for score in self.scores)

    @property
    def status(self) -> str:
        """`ok` if all scored seeds are; a pool with a score is not called missing."""
        states = [score.status for score in (self.scored or self.scores)]
        worst = [state for state in _WORST if state in states]
        return (worst or [state for state in states if state != "ok"] or ["ok"])[0]

    def reason(self, metric: str) -> str | None:
        """Why a metric has no value, from the first seed that says so."""
        said = (score.body["reasons"].get(metric) for score in self.scored if score.body)
        return next((text for text in said if text), None)

    def values(self, metric: str) -> list[float]:
        """The metric of each seed that has it."""
        found = (score.body["metrics"].get(metric) for score in self.scored if score.body)
        return [float(value) for value in found if value is not None and math.isfinite(value)]

    def metric_names(self) -> list[str]:
        """Every metric any seed names, in the scorer's order."""
        named = (name for score in self.scored if score.body for name in score.body["metrics"])
        return list(dict.fromkeys(named))

    def total(self, count: str) -> int:
        """A count of the body (`n`, `n_missing`) summed over seeds."""
        return sum(int(score.body.get(count, 0)) for score in self.scored if score.body)

    def mean_and_spread(self, metric: str) -> tuple[float | None, float | None]:
        """Mean over seeds and the standard deviation between them (None below two seeds)."""
        values = self.values(metric)
        mean = fmean(values) if values else None
        return mean, stdev(values) if len(values) > 1 else None

    def rows(self, *, shown: bool = False) -> pl.DataFrame:
        """All rows of all scored seeds with a `seed` column; `shown` adds picture and prompt."""
        frames = [
            (score.shown_rows() if shown else score.rows()).with_columns(
                pl.lit(score.cell.seed, dtype=pl.Int64).alias("seed"),
                pl.col("id", "parsed", "answer").cast(pl.String),
                pl.col("score").cast(pl.Float64),
            )
            for score in self.scored
        ]
        return pl.concat(frames)


def pools(scores: Iterable[CellScore]) -> Iterator[tuple[str, str, list[Pool]]]:
    """(model, benchmark, pools) in the plan's order; the baseline comes first if there is one."""
    grouped: dict[tuple[str, str], dict[str, list[CellScore]]] = defaultdict(dict)
    for score in scores:
        cell = score.cell
        grouped[cell.model, cell.benchmark].setdefault(cell.compression, []).append(score)
    for (model, benchmark), compressions in grouped.items():
        found = [
            Pool(tuple(sorted(seeds, key=lambda s: -1 if s.cell.seed is None else s.cell.seed)))
            for seeds in compressions.values()
        ]
        yield model, benchmark, sorted(found, key=lambda pool: not pool.is_baseline)
