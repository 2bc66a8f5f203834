"""Intervals and p-values from bootstrap replicates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from lvlm_compress.reporting.statistics.sums import Floats

LEVEL = 0.95
_FEWEST = 2


def expanded(replicates: Floats, clusters: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Percentile interval, widened for few clusters (Hesterberg 2015, section 5.4).

    A plain percentile interval is too narrow with few clusters: it lacks the n/(n-1) of the
    variance and the t quantile. The tail is therefore Phi(-sqrt(n/(n-1)) t(alpha/2, n-1)).

    Args:
        replicates: [resamples, metrics]; NaN where a resample has no denominator.
        clusters: [metrics] clusters a metric is made of; fewer than two have no interval (NaN).
    """
    low = np.full(replicates.shape[1], np.nan)
    high = low.copy()
    for n in np.unique(clusters[clusters >= _FEWEST]):
        at = np.flatnonzero(clusters == n)
        tail = stats.norm.cdf(-np.sqrt(n / (n - 1)) * stats.t.ppf((1 + LEVEL) / 2, n - 1))
        at = at[~np.all(np.isnan(replicates[:, at]), axis=0)]
        if at.size:
            low[at], high[at] = np.nanquantile(replicates[:, at], [tail, 1 - tail], axis=0)
    return low, high


def exact_rate(clusters: int, none: bool) -> tuple[float, float]:
    """Interval in percent of a rate whose clusters all fail (`none`) or all succeed.

    Resampling such a cell always gives the same value; the exact binomial interval with one trial
    a cluster says what the data still allow.
    """
    test = stats.binomtest(0 if none else clusters, clusters)
    ci = test.proportion_ci(LEVEL, method="exact")
    return 100 * float(ci.low), 100 * float(ci.high)


def p_values(delta: Floats, replicates: Floats, clusters: NDArray[np.intp]) -> Floats:
    """Two-sided p of a paired difference being zero: t test with the bootstrap's standard error.

    A count of resamples beyond zero cannot go below 2/1001, which no Holm correction over a grid
    survives; the t test can. It is kept above 2^(1 - clusters), the least a sign-flip test of as
    many clusters can give.

    Args:
        delta: [metrics] differences.
        replicates: [resamples, metrics] differences in the resamples.
        clusters: [metrics]
    """
    p = np.full(delta.shape, np.nan)
    usable = (clusters >= _FEWEST) & ~np.isnan(delta) & (np.sum(~np.isnan(replicates), axis=0) > 1)
    n = clusters[usable].astype(float)
    spread = np.nanstd(replicates[:, usable], axis=0, ddof=1) * np.sqrt(n / (n - 1))
    size = np.abs(delta[usable])
    ratio = np.divide(size, spread, out=np.full(size.shape, np.inf), where=spread > 1e-12)
    ratio[size < 1e-12] = 0.0
    p[usable] = np.maximum(2 * stats.t.sf(ratio, n - 1), 2.0 ** (1 - n))
    return p


def holm(p: Floats) -> Floats:
    """Holm's step-down correction over the finite entries of `p`; the others stay NaN.

    scipy 1.17 has false discovery control only; statsmodels' `multipletests` is what tests compare
    with (Holm 1979).
    """
    out = np.full(p.shape, np.nan)
    at = np.flatnonzero(np.isfinite(p))
    if not at.size:
        return out
    rank = np.argsort(p[at], kind="stable")
    steps = p[at][rank] * (at.size - np.arange(at.size))
    out[at[rank]] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return out
