"""The statistics part of the report: `metrics.csv`, and the same as parquet for the later parts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from lvlm_compress.reporting.cells import ReportCell
from lvlm_compress.reporting.statistics.benchmark import results
from lvlm_compress.reporting.statistics.bootstrap import RESAMPLES
from lvlm_compress.reporting.statistics.frame import build
from lvlm_compress.reporting.statistics.load import load_score
from lvlm_compress.reporting.statistics.pool import pools


def metrics(cells: Sequence[ReportCell], resamples: int = RESAMPLES, seed: int = 0) -> pl.DataFrame:
    """Every metric of every cell with its interval, its difference from fp16 and its flips."""
    rows: list[dict[str, Any]] = []
    for _, benchmark, found in pools(load_score(cell) for cell in cells):
        rows.extend(results(benchmark, found, resamples, seed))
    return build(rows)


def run(cells: Sequence[ReportCell], out: Path, resamples: int = RESAMPLES, seed: int = 0) -> None:
    """Write `metrics.csv` and `metrics.parquet` into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    frame = metrics(cells, resamples, seed)
    frame.write_csv(out / "metrics.csv")
    frame.write_parquet(out / "metrics.parquet")
