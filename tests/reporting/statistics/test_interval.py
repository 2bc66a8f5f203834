"""Intervals and p-values against scipy, statsmodels and simulation (issue: 95 % and 5 %)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from lvlm_compress.reporting.statistics import bootstrap, interval

CELLS = 1000
RESAMPLES = 400


def _clustered(
    rng: np.random.Generator, clusters: int, size: int, shift: float = 0.0
) -> np.ndarray:
    """[cells, clusters, size] 0/1 answers with a quarter of the variance between clusters."""
    between = rng.standard_normal((CELLS, clusters, 1)) * 0.5
    within = rng.standard_normal((CELLS, clusters, size)) * np.sqrt(0.75)
    return (between + within < shift).astype(float)


@pytest.mark.parametrize(("clusters", "mean"), [(15, 0.5), (60, 0.5), (60, 0.8), (200, 0.9)])
def test_interval_covers_95_percent_of_simulated_cells(clusters: int, mean: float) -> None:
    rng = np.random.default_rng(7)
    answers = _clustered(rng, clusters, 4, float(stats.norm.ppf(mean)))
    weights = bootstrap.draw(clusters, RESAMPLES, 1)
    replicates = weights @ answers.sum(axis=2).T / (4 * clusters)
    low, high = interval.expanded(replicates, np.full(CELLS, clusters))
    covered = np.mean((low <= mean) & (mean <= high))
    assert 0.93 <= covered <= 0.97


@pytest.mark.parametrize("clusters", [20, 100])
def test_paired_test_rejects_5_percent_under_the_null(clusters: int) -> None:
    rng = np.random.default_rng(11)
    before, after = _clustered(rng, clusters, 4), _clustered(rng, clusters, 4)
    difference = (after - before).sum(axis=2) / (4 * clusters)
    weights = bootstrap.draw(clusters, RESAMPLES, 2)
    delta, replicates = difference.sum(axis=1), weights @ difference.T
    p = interval.p_values(delta, replicates, np.full(CELLS, clusters))
    assert 0.035 <= np.mean(p < 0.05) <= 0.065


def test_ignoring_clusters_would_be_wrong() -> None:
    """The same cells, resampled question by question, cover far less: what clusters are for."""
    rng = np.random.default_rng(3)
    clusters, size = 40, 25
    answers = _clustered(rng, clusters, size)[:300]
    flat = answers.reshape(300, -1)
    weights = bootstrap.draw(clusters * size, 200, 3)
    low, high = interval.expanded(weights @ flat.T / flat.shape[1], np.full(300, clusters * size))
    assert np.mean((low <= 0.5) & (high >= 0.5)) < 0.8


def test_interval_agrees_with_scipys_bootstrap() -> None:
    rng = np.random.default_rng(5)
    sample = rng.normal(size=80)
    ours = interval.expanded((bootstrap.draw(80, 4000, 0) @ sample / 80)[:, None], np.array([80]))
    theirs = stats.bootstrap(
        (sample,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    assert ours[0][0] == pytest.approx(theirs.low, abs=0.03)
    assert ours[1][0] == pytest.approx(theirs.high, abs=0.03)


def test_one_cluster_has_no_interval_and_no_p() -> None:
    replicates = np.ones((10, 1))
    low, high = interval.expanded(replicates, np.array([1]))
    assert np.isnan(low[0])
    assert np.isnan(high[0])
    assert np.isnan(interval.p_values(np.ones(1), replicates, np.array([1]))[0])


def test_no_difference_at_all_has_p_one() -> None:
    assert interval.p_values(np.zeros(1), np.zeros((10, 1)), np.array([9]))[0] == 1.0


def test_p_is_not_below_what_signs_of_clusters_can_give() -> None:
    """Eight clusters that all lose the same: a sign-flip test gives 2/2^8."""
    p = interval.p_values(np.full(1, -1.0), np.full((50, 1), -1.0), np.array([8]))
    assert p[0] == pytest.approx(stats.binomtest(0, 8, 0.5).pvalue)


def test_exact_rate_is_clopper_pearson() -> None:
    low, high = interval.exact_rate(20, none=True)
    assert low == 0
    assert high == pytest.approx(100 * (1 - 0.025 ** (1 / 20)))
    assert interval.exact_rate(20, none=False) == pytest.approx((100 - high, 100))


@settings(max_examples=30, deadline=None)
@given(arrays(float, st.integers(1, 30), elements=st.floats(0, 1)))
def test_holm_is_statsmodels_holm(p: np.ndarray) -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    expected = multitest.multipletests(p, method="holm")[1]
    np.testing.assert_allclose(interval.holm(p), expected)


def test_holm_leaves_untested_cells_alone() -> None:
    adjusted = interval.holm(np.array([0.01, np.nan, 0.02]))
    np.testing.assert_allclose(adjusted, [0.02, np.nan, 0.02])
