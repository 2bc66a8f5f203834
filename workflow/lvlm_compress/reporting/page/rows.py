"""The metrics as the page's table shows them: text for the eye, numbers for sorting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from lvlm_compress.reporting.tables.text import mark

COLUMNS = (
    "model", "compression", "benchmark", "metric", "value", "95 % interval", "change from fp16",
    "p (Holm)", "flips", "n", "state",
)  # fmt: skip
# Beyond this many, only headline metrics go into the page; metrics.csv has the rest.
MOST = 6000


@dataclass(frozen=True)
class Shown:
    """One row: (text, sort key) cells and whether the metric is a headline."""

    cells: list[tuple[str, str]]
    headline: bool
    significant: bool


def shown(metrics: pl.DataFrame) -> tuple[list[Shown], bool]:
    """Rows of the table, and whether the secondary metrics had to be left out."""
    cut = metrics.height > MOST
    chosen = metrics.filter(pl.col("headline")) if cut else metrics
    return [_row(row) for row in chosen.iter_rows(named=True)], cut


def _row(row: dict[str, Any]) -> Shown:
    value = row["value"]
    cells = [(str(row[name]), str(row[name])) for name in COLUMNS[:4]]
    cells.append((mark(row["status"]), "") if value is None else _number(value))
    cells.append(_interval(row["ci_low"], row["ci_high"]))
    change = row["delta_fp16"]
    cells.append(("", "") if change is None else (f"{change:+.4g}", f"{change}"))
    cells += [_number(row["p_holm"], 2), _count(row["flips"]), _count(row["n"])]
    cells.append((mark(row["status"]), row["status"]))
    significant = row["p_holm"] is not None and row["p_holm"] < 0.05
    return Shown(cells, bool(row["headline"]), significant)


def _number(value: float | None, digits: int = 5) -> tuple[str, str]:
    return ("", "") if value is None else (f"{value:.{digits}g}", f"{value}")


def _interval(low: float | None, high: float | None) -> tuple[str, str]:
    if low is None or high is None:
        return "", ""
    return f"{low:.4g} – {high:.4g}", f"{low}"


def _count(value: int | None) -> tuple[str, str]:
    return ("", "") if value is None else (str(value), str(value))
