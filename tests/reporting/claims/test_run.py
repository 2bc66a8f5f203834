"""Claims on the paper's own printed numbers, and on grids that lack the cells."""

from __future__ import annotations

import polars as pl
import pytest

from lvlm_compress.reporting import paper
from lvlm_compress.reporting.claims.run import NO_DATA, NOT_SUPPORTED, SUPPORTED, evaluate

COLUMNS = {"ci_low": None, "ci_high": None, "delta_fp16": None}


def _printed() -> pl.DataFrame:
    """The paper's tables as if they were a grid's metrics (a cell printed twice counts once)."""
    rows = paper.results().filter(pl.col("value").is_not_null())
    rows = rows.unique(["model", "weights", "kv", "benchmark", "metric"], maintain_order=True)
    label = (
        pl.when((pl.col("weights") == "fp16") | (pl.col("kv") == "fp16"))
        .then(pl.when(pl.col("weights") == "fp16").then("kv").otherwise("weights"))
        .otherwise(pl.concat_str("weights", "kv", separator="+"))
    )
    return rows.with_columns(
        label.alias("compression"),
        pl.col("model").str.to_lowercase(),
        *(pl.lit(None).alias(c) for c in COLUMNS),
    )


@pytest.fixture(scope="module")
def verdicts() -> dict[str, str]:
    return {verdict.id: verdict.verdict for verdict in evaluate(_printed())}


@pytest.mark.parametrize("claim", ["4.2-1a", "4.2-1b", "4.2-2", "4.2-3a", "4.3-1"])
def test_what_the_papers_tables_carry_is_supported_by_them(
    claim: str, verdicts: dict[str, str]
) -> None:
    assert verdicts[claim] == SUPPORTED


@pytest.mark.parametrize("claim", ["4.2-3b", "obs-1", "obs-3", "obs-4"])
def test_what_only_its_figures_show_has_not_enough_data(
    claim: str, verdicts: dict[str, str]
) -> None:
    assert verdicts[claim] == NO_DATA


def test_a_collapse_of_the_favoured_scheme_is_not_supported() -> None:
    broken = _printed().with_columns(
        pl.when(pl.col("kv") == "kv2-kc128-vt128").then(1.0).otherwise("value").alias("value")
    )
    found = {verdict.id: verdict for verdict in evaluate(broken)}
    assert found["4.2-1a"].verdict == NOT_SUPPORTED
    assert found["4.2-1a"].holds == 0


def test_both_sides_far_below_fp16_are_left_out_of_observation_2() -> None:
    """The paper ignores comparisons where both are significantly lower than the baseline."""
    base = _printed().row(0, named=True) | {"benchmark": "gqa", "metric": "accuracy"}
    values = {"fp16": 60.0, "kv2-t128": 20.0, "kv2-c128": 25.0}
    rows = [base | {"kv": kv, "compression": kv, "value": value} for kv, value in values.items()]
    found = {verdict.id: verdict for verdict in evaluate(pl.DataFrame(rows))}
    assert found["obs-2"].comparisons == ()
