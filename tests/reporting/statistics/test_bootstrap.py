"""The cluster bootstrap against a plain loop, and its promises: shared, seeded, exact sums."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from lvlm_compress.reporting.statistics import bootstrap
from lvlm_compress.reporting.statistics.sums import combine, stack
from tests.reporting.artifacts import TERMS


def _terms(rows: list[tuple[str, str, float, str, float, float]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TERMS, orient="row")


MME = _terms(
    [
        ("score", "acc", 100.0, "a", 1, 2),
        ("score", "acc", 100.0, "b", 2, 2),
        ("score", "plus", 100.0, "a", 0, 1),
        ("score", "plus", 100.0, "b", 1, 1),
    ]
)


def test_a_metric_is_the_sum_of_its_terms() -> None:
    """MME: 100 acc + 100 acc+ = 75 + 50."""
    sums = stack({"fp16": [MME]})
    assert sums is not None
    value = combine(sums.num.sum(axis=0), sums.den.sum(axis=0), sums)
    np.testing.assert_allclose(value, [125.0])


def test_seeds_are_summed_by_cluster() -> None:
    sums = stack({"fp16": [MME, MME, MME]})
    assert sums is not None
    assert sums.num.shape == (2, 2)
    np.testing.assert_allclose(combine(sums.num.sum(0), sums.den.sum(0), sums), [125.0])


def test_a_metric_without_denominator_has_no_value() -> None:
    sums = stack({"fp16": [_terms([("fp_ratio", "", 1.0, "a", 0, 0)])]})
    assert sums is not None
    assert np.isnan(combine(sums.num.sum(0), sums.den.sum(0), sums)[0])


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 12), st.integers(0, 1000))
def test_replicates_are_those_of_a_plain_loop(clusters: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    num, den = rng.integers(0, 5, clusters), rng.integers(1, 6, clusters)
    rows = [("m", "", 100.0, f"c{n:02d}", num[n], den[n]) for n in range(clusters)]
    sums = stack({"x": [_terms(rows)]})
    assert sums is not None
    weights = bootstrap.draw(clusters, 20, seed)
    assert (weights.sum(axis=1) == clusters).all()
    drawn = [np.repeat(np.arange(clusters), row.astype(int)) for row in weights]
    expected = [100 * num[d].sum() / den[d].sum() for d in drawn]
    np.testing.assert_allclose(bootstrap.replicates(sums, weights)[:, 0], expected)


def test_draws_are_shared_and_seeded() -> None:
    one = bootstrap.shared_draw("gqa", 30, 50, 0)
    bootstrap.shared_draw.cache_clear()
    np.testing.assert_array_equal(one, bootstrap.shared_draw("gqa", 30, 50, 0))
    assert (one != bootstrap.shared_draw("mme", 30, 50, 0)).any()
    assert (one != bootstrap.shared_draw("gqa", 30, 50, 1)).any()


def test_adding_a_compression_leaves_the_others_intervals_alone() -> None:
    alone, both = stack({"a": [MME]}), stack({"a": [MME], "b": [MME]})
    assert alone is not None
    assert both is not None
    weights = bootstrap.draw(2, 40, 0)
    left = bootstrap.replicates(alone, weights)[:, 0]
    np.testing.assert_array_equal(left, bootstrap.replicates(both, weights)[:, 0])
