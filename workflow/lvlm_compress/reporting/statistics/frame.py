"""The tidy table of results: its columns, and the family-wise correction over all of it."""

from __future__ import annotations

from typing import Any

import polars as pl

from lvlm_compress.reporting.resources import is_headline
from lvlm_compress.reporting.statistics import facts
from lvlm_compress.reporting.statistics.interval import holm

DIGITS = 6
OFFLINE = "offline_"
SCHEMA: dict[str, Any] = {
    "model": pl.String,
    "compression": pl.String,
    "benchmark": pl.String,
    "metric": pl.String,
    "value": pl.Float64,
    "ci_low": pl.Float64,
    "ci_high": pl.Float64,
    "delta_fp16": pl.Float64,
    "p_value": pl.Float64,
    "flips": pl.Int64,
    "n": pl.Int64,
    "n_missing": pl.Int64,
    "status": pl.String,
    "digest": pl.String,
    "p_holm": pl.Float64,
    "delta_low": pl.Float64,
    "delta_high": pl.Float64,
    "p_mcnemar": pl.Float64,
    "seeds": pl.Int64,
    "seeds_planned": pl.Int64,
    "seed_spread": pl.Float64,
    "clusters": pl.Int64,
    "n_paired": pl.Int64,
    "text_changed": pl.Int64,
    "right_to_wrong": pl.Int64,
    "wrong_to_right": pl.Int64,
    **dict.fromkeys(facts.COLUMNS, pl.Float64),
    "weights": pl.String,
    "kv": pl.String,
    "paper_model": pl.String,
    "headline": pl.Boolean,
}
_P_VALUES = ("p_value", "p_holm", "p_mcnemar")


def build(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows as a frame in `SCHEMA`, rounded, with Holm's correction.

    The family of the correction is the grid's headline metrics, one test a (model, compression,
    benchmark, headline metric); all other metrics are a family of their own.
    """
    frame = pl.DataFrame(rows, schema=SCHEMA)
    floats = [name for name, kind in SCHEMA.items() if kind == pl.Float64 and name not in _P_VALUES]
    # NaN is no number a reader can use; rounding keeps last-bit noise of the BLAS out of files.
    frame = frame.with_columns(pl.col(floats).fill_nan(None).round(DIGITS))
    return _with_holm(frame.with_columns(pl.col(*_P_VALUES).fill_nan(None).round_sig_figs(DIGITS)))


def _headline(frame: pl.DataFrame) -> pl.Series:
    """Rows that stand for their cell: headline metrics, an offline one where there is no other."""
    keys = frame.select("model", "compression", "benchmark", "metric").rows()
    judged = {key for key, value in zip(keys, frame["value"], strict=True) if value is not None}
    main = [
        is_headline(benchmark, metric)
        and not (
            metric.startswith(OFFLINE)
            and (model, compression, benchmark, metric.removeprefix(OFFLINE)) in judged
        )
        for model, compression, benchmark, metric in keys
    ]
    return pl.Series("headline", main, dtype=pl.Boolean)


def _with_holm(frame: pl.DataFrame) -> pl.DataFrame:
    main = _headline(frame)
    corrected = pl.Series("p_holm", [None] * frame.height, dtype=pl.Float64)
    for family in (main, ~main):
        p = frame["p_value"].set(~family, None).fill_null(float("nan")).to_numpy()
        adjusted = pl.Series(holm(p)).fill_nan(None)
        corrected = adjusted.zip_with(family, corrected)
    return frame.with_columns(corrected.round_sig_figs(DIGITS).alias("p_holm"), main)
