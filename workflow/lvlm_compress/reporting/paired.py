"""Differences between two runs of the same cells on the same clusters, from their scores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from lvlm_compress.reporting.statistics import bootstrap
from lvlm_compress.reporting.statistics.benchmark import estimates
from lvlm_compress.reporting.statistics.load import TERM_COLUMNS
from lvlm_compress.reporting.statistics.sums import stack

CELL = ["model", "compression", "benchmark"]
SUFFIX = ".terms.parquet"
_SCHEMA = {**dict.fromkeys([*CELL, "metric"], pl.String), "p_paired": pl.Float64}


def terms_of(folder: Path) -> dict[str, Path]:
    """Digest -> the terms of its score, for every score below a folder."""
    return {path.name.removesuffix(SUFFIX): path for path in sorted(folder.rglob(f"*{SUFFIX}"))}


def paired(a: pl.DataFrame, b: pl.DataFrame, folders: tuple[Path, Path]) -> pl.DataFrame:
    """`model, compression, benchmark, metric, p_paired` where both folders hold the scores."""
    both = a.join(b, on=[*CELL, "metric"], suffix="_b")
    differ = both.filter(pl.col("value").ne_missing(pl.col("value_b")))
    cells = differ.select(*CELL, "digest", "digest_b").unique(CELL, maintain_order=True)
    stores = (terms_of(folders[0]), terms_of(folders[1]))
    rows = [found for row in cells.iter_rows() for found in _cell(row, stores)]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _cell(
    row: tuple[str, ...], stores: tuple[dict[str, Path], dict[str, Path]]
) -> Iterator[tuple[str, str, str, str, float | None]]:
    model, compression, benchmark, *digests = row
    sides = [joined.split("+") for joined in digests]
    if any(d not in store for side, store in zip(sides, stores, strict=True) for d in side):
        return
    frames = [
        [pl.read_parquet(store[digest], columns=TERM_COLUMNS) for digest in side]
        for side, store in zip(sides, stores, strict=True)
    ]
    sums = stack({"a": frames[0], "b": frames[1]})
    if sums is None:
        return
    drawn = bootstrap.shared_draw(benchmark, sums.num.shape[0], bootstrap.RESAMPLES, 0)
    for (side, metric), estimate in estimates(sums, drawn, "a").items():
        if side == "b" and "p_value" in estimate:
            yield model, compression, benchmark, metric, estimate["p_value"]
