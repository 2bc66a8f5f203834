"""Cluster bootstrap: whole clusters are drawn with replacement, the same draw for every cell.

Examples that share an image, a set or a scenario are not independent; drawing clusters keeps them
together (Davison and Hinkley 1997, section 3.8). A draw is a vector of how often each cluster was
taken, so that all metrics of all compressions are two matrix products.
"""

from __future__ import annotations

import zlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lvlm_compress.reporting.statistics.sums import Floats, Sums, combine

RESAMPLES = 1000
_BLOCK = 256


def draw(clusters: int, resamples: int, seed: int) -> NDArray[np.float64]:
    """How often each resample takes each cluster: [resamples, clusters], rows sum to `clusters`."""
    rng = np.random.default_rng(seed)
    counts = np.empty((resamples, clusters))
    for row in range(resamples):
        taken = rng.integers(0, clusters, size=clusters)
        counts[row] = np.bincount(taken, minlength=clusters)
    return counts


@lru_cache(maxsize=2)
def shared_draw(benchmark: str, clusters: int, resamples: int, seed: int) -> NDArray[np.float64]:
    """The draw of a benchmark, the same for every model and in every run."""
    return draw(clusters, resamples, seed ^ zlib.crc32(benchmark.encode()))


def replicates(sums: Sums, weights: NDArray[np.float64]) -> Floats:
    """Every metric in every resample: [resamples, metrics]."""
    blocks = [
        combine(part @ sums.num, part @ sums.den, sums)
        for part in np.array_split(weights, max(1, len(weights) // _BLOCK))
    ]
    return np.concatenate(blocks)
