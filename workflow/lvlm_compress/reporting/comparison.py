"""The difference between two metrics tables, cell by cell.

Where both result stores hold the scores, differences are tested on the same clusters
(`reporting.paired`). Where only the summaries are at hand, the two intervals are taken as if they
were independent, which errs on the side of calling a difference noise. A device enters no digest,
so equal digests are no proof of equal results.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy import stats

from lvlm_compress.errors import UserError
from lvlm_compress.reporting.statistics.interval import LEVEL, holm

KEYS = ["model", "compression", "benchmark", "metric"]
NEEDED = [*KEYS, "value", "ci_low", "ci_high", "status", "digest"]
SAME, ONLY_A, ONLY_B = "same", "only in A", "only in B"
STATE, NOISE, SIGNIFICANT = "another state", "within noise", "significant"
UNKNOWN = "differs, no interval"
ALPHA = 0.05
_SHOWN = 60


def compare(a: pl.DataFrame, b: pl.DataFrame, paired: pl.DataFrame) -> pl.DataFrame:
    """One row a metric of either table: both values, difference, p (Holm) and a verdict.

    `paired` holds `model, compression, benchmark, metric, p_paired` where the paired test is known.
    """
    for name, frame in (("A", a), ("B", b)):
        missing = [column for column in NEEDED if column not in frame.columns]
        if missing:
            raise UserError(f"The metrics of {name} lack {', '.join(missing)}; make them anew.")
    joined = (
        a.select(NEEDED)
        .with_columns(pl.lit(value=True).alias("in_a"))
        .join(
            b.select(NEEDED).with_columns(pl.lit(value=True).alias("in_b")),
            on=KEYS,
            how="full",
            suffix="_b",
            coalesce=True,
        )
        .join(paired, on=KEYS, how="left")
        .sort(KEYS)
    )
    p = _p_values(joined)
    joined = joined.with_columns(
        (pl.col("value_b") - pl.col("value")).alias("difference"),
        pl.Series("p_holm", holm(p)).fill_nan(None),
    )
    return joined.with_columns(_verdict().alias("verdict")).select(
        *KEYS,
        pl.col("value").alias("value_a"),
        "value_b",
        "difference",
        "p_holm",
        pl.col("p_paired").is_not_null().alias("paired"),
        pl.col("status").alias("status_a"),
        "status_b",
        "verdict",
    )


def _p_values(joined: pl.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Two-sided p of each difference, NaN where values are equal or there is no interval."""
    numbers = {
        name: joined[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        for name in ("value", "value_b", "ci_low", "ci_high", "ci_low_b", "ci_high_b")
    }
    width = 2 * stats.norm.ppf((1 + LEVEL) / 2)
    spread = np.hypot(
        (numbers["ci_high"] - numbers["ci_low"]) / width,
        (numbers["ci_high_b"] - numbers["ci_low_b"]) / width,
    )
    difference = np.abs(numbers["value_b"] - numbers["value"])
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * stats.norm.sf(difference / spread)
    tested = joined["p_paired"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    p = np.where(np.isnan(tested), p, tested)
    same = difference == 0
    found: np.ndarray[tuple[int], np.dtype[np.float64]] = np.where(same, np.nan, p)
    return found


def _verdict() -> pl.Expr:
    equal = pl.col("value").eq_missing(pl.col("value_b"))
    return (
        pl.when(pl.col("in_b").is_null())
        .then(pl.lit(ONLY_A))
        .when(pl.col("in_a").is_null())
        .then(pl.lit(ONLY_B))
        .when(pl.col("status") != pl.col("status_b"))
        .then(pl.lit(STATE))
        .when(equal)
        .then(pl.lit(SAME))
        .when(pl.col("p_holm").is_null())
        .then(pl.lit(UNKNOWN))
        .when(pl.col("p_holm") < ALPHA)
        .then(pl.lit(SIGNIFICANT))
        .otherwise(pl.lit(NOISE))
    )


def summary(found: pl.DataFrame, *, every: bool = False) -> str:
    """Counts by verdict and the rows that differ, the largest differences first."""
    counts = found["verdict"].value_counts().sort("verdict").rows()
    lines = [f"{count:6d}  {verdict}" for verdict, count in counts]
    shown = found if every else found.filter(pl.col("verdict") != SAME)
    shown = shown.sort("p_holm", pl.col("difference").abs(), descending=[False, True])
    for row in shown.head(found.height if every else _SHOWN).iter_rows(named=True):
        name = " ".join(row[key] for key in KEYS)
        values = f"{_text(row['value_a'])} -> {_text(row['value_b'])}"
        p = "" if row["p_holm"] is None else f", p {row['p_holm']:.2g}"
        lines.append(f"{row['verdict']}: {name}: {values}{p}")
    if not every and shown.height > _SHOWN:
        lines.append(f"... and {shown.height - _SHOWN} more; --out FILE has all.")
    return "\n".join(lines) + "\n"


def _text(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"
