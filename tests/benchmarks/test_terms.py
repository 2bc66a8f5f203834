"""Terms: every metric with an interval is sum of scale * sum(num) / sum(den) (types.py)."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvlm_compress.benchmarks import terms

FRAME = pl.DataFrame({"cluster": ["x", "x", "y"], "score": [1.0, 0.0, 1.0]})


def test_mean_keeps_sums_per_cluster() -> None:
    found = terms.mean(FRAME, "accuracy", pl.col("score"))
    assert found.select("cluster", "num", "den").rows() == [("x", 1.0, 2.0), ("y", 1.0, 1.0)]
    assert terms.value(found) == {"accuracy": pytest.approx(200 / 3)}


def test_null_values_are_not_in_the_mean() -> None:
    frame = FRAME.with_columns(score=pl.when(pl.col("cluster") == "x").then("score"))
    assert terms.value(terms.mean(frame, "m", pl.col("score"), scale=1.0)) == {"m": 0.5}


def test_terms_of_a_metric_add_up() -> None:
    """MME: acc and acc_plus of every task."""
    parts = [terms.mean(FRAME, "sum", pl.col("score"), term=name) for name in ("a", "b")]
    assert terms.value(terms.stack(parts)) == {"sum": pytest.approx(400 / 3)}


def test_a_ratio_over_nothing_is_none() -> None:
    none = terms.ratio(FRAME, "precision", pl.col("score"), pl.lit(0), term="")
    assert terms.value(none) == {"precision": None}


def test_no_rows_give_no_metric() -> None:
    assert terms.value(terms.stack([terms.mean(FRAME.head(0), "m", pl.col("score"))])) == {}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1)), min_size=1, max_size=30))
def test_value_of_a_mean_is_the_mean(rows: list[tuple[str, float]]) -> None:
    frame = pl.DataFrame(rows, schema=["cluster", "score"], orient="row")
    expected = 100 * sum(score for _, score in rows) / len(rows)
    found = terms.value(terms.mean(frame, "m", pl.col("score")))["m"]
    assert found == pytest.approx(expected, abs=1e-9)
