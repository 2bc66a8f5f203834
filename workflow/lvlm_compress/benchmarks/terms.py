"""`Score.terms`: metrics as sums of scaled ratios of per-cluster sums.

A metric is the sum over its terms of scale * sum(num) / sum(den); num and den are kept per
cluster, so that one bootstrap over clusters serves means, rates, F1 and MME's sum over tasks.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

SCHEMA = {
    "metric": pl.String,
    "term": pl.String,
    "scale": pl.Float64,
    "cluster": pl.String,
    "num": pl.Float64,
    "den": pl.Float64,
}
PERCENT = 100.0


def ratio(
    frame: pl.DataFrame,
    metric: str,
    num: pl.Expr,
    den: pl.Expr,
    *,
    scale: float = PERCENT,
    term: str = "",
) -> pl.DataFrame:
    """One term: sum(num) / sum(den) over the rows of `frame`, which has a column `cluster`.

    A cluster that adds to neither sum is left out.
    """
    sums = frame.group_by("cluster", maintain_order=True).agg(
        num.cast(pl.Float64).sum().alias("num"), den.cast(pl.Float64).sum().alias("den")
    )
    used = sums.filter((pl.col("num") != 0) | (pl.col("den") != 0))
    names = [pl.lit(metric).alias("metric"), pl.lit(term).alias("term")]
    return used.with_columns(*names, pl.lit(scale).alias("scale")).select(
        pl.col(name).cast(kind) for name, kind in SCHEMA.items()
    )


def mean(
    frame: pl.DataFrame, metric: str, value: pl.Expr, *, scale: float = PERCENT, term: str = ""
) -> pl.DataFrame:
    """One term: mean of `value` over the rows where it is not null."""
    number = value.cast(pl.Float64)
    return ratio(frame, metric, number.fill_null(0.0), number.is_not_null(), scale=scale, term=term)


def stack(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """All terms of a score in one frame; an empty frame of the right columns for none."""
    return pl.concat([pl.DataFrame(schema=SCHEMA), *parts])


def value(terms: pl.DataFrame) -> dict[str, float | None]:
    """Metrics recomputed from their terms; None where a denominator sums to zero."""
    parts = terms.group_by("metric", "term", "scale", maintain_order=True).agg(
        pl.col("num").sum(), pl.col("den").sum()
    )
    one = pl.when(pl.col("den") != 0).then(pl.col("scale") * pl.col("num") / pl.col("den"))
    sums = parts.group_by("metric", maintain_order=True).agg(
        pl.when(one.is_null().any()).then(None).otherwise(one.sum()).alias("value")
    )
    return dict(sums.iter_rows())
