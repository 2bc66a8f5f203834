"""Terms of many cells as dense arrays: clusters down, (compression, metric, term) across."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sums:
    """Per-cluster numerators and denominators of all terms of one (model, benchmark).

    Attributes:
        columns: `compression, metric, term, scale`, one row a column of `num` and `den`, sorted.
        num, den: [clusters, columns]; a cluster that a term lacks holds zeros.
    """

    columns: pl.DataFrame
    num: Floats
    den: Floats

    @property
    def starts(self) -> NDArray[np.intp]:
        """First column of each (compression, metric): where a metric's terms begin."""
        keys = self.columns.select("compression", "metric").with_row_index("at")
        return (
            keys.group_by("compression", "metric", maintain_order=True)
            .first()["at"]
            .to_numpy()
            .astype(np.intp)
        )

    @property
    def metrics(self) -> pl.DataFrame:
        """`compression, metric`, one row a metric, in the order of `starts`."""
        return self.columns.select("compression", "metric").unique(maintain_order=True)


def stack(terms: Mapping[str, list[pl.DataFrame]]) -> Sums | None:
    """Sum the terms of a compression's seeds and lay all compressions side by side.

    Clusters are shared: the same name in two compressions or seeds is the same cluster, which is
    what makes the comparison with fp16 a paired one. None where there are no terms at all.
    """
    frames = [
        frame.with_columns(
            pl.lit(compression).alias("compression"), pl.col("cluster").cast(pl.String)
        )
        for compression, seeds in terms.items()
        for frame in seeds
        if frame.height
    ]
    if not frames:
        return None
    keys = ["compression", "metric", "term"]
    long = (
        pl.concat(frames, how="diagonal_relaxed")
        .group_by([*keys, "cluster"])
        .agg(pl.col("num", "den").sum(), pl.col("scale").first())
    )
    columns = long.group_by(keys).agg(pl.col("scale").first()).sort(keys)
    clusters = long.select("cluster").unique().sort("cluster")
    placed = long.join(columns.with_row_index("column").drop("scale"), on=keys).join(
        clusters.with_row_index("row"), on="cluster"
    )
    at = (placed["row"].to_numpy(), placed["column"].to_numpy())
    arrays = []
    for name in ("num", "den"):
        array = np.zeros((clusters.height, columns.height))
        array[at] = placed[name].cast(pl.Float64).to_numpy()
        arrays.append(array)
    return Sums(columns, arrays[0], arrays[1])


def combine(num: Floats, den: Floats, sums: Sums) -> Floats:
    """Metrics from summed terms: sum over terms of scale * num / den; NaN where a den is 0.

    Args:
        num: [..., columns] numerators summed over clusters.
        den: [..., columns] denominators summed over clusters.
        sums: what the columns are.

    Returns:
        [..., metrics]
    """
    scale = sums.columns["scale"].cast(pl.Float64).to_numpy()
    ratio = np.divide(num, den, out=np.full(num.shape, np.nan), where=den != 0)
    total: Floats = np.add.reduceat(ratio * scale, sums.starts, axis=-1)
    return total
