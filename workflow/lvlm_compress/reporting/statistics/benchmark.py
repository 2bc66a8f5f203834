"""All results of one (model, benchmark): every compression against the same bootstrap draws."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lvlm_compress.errors import UserError
from lvlm_compress.reporting import resources
from lvlm_compress.reporting.statistics import bootstrap, facts, flips, interval
from lvlm_compress.reporting.statistics.pool import Pool
from lvlm_compress.reporting.statistics.sums import Floats, Sums, combine, stack

Estimates = dict[tuple[str, str], dict[str, float]]
_PERCENT = 100.0
_AGREE = 1e-6
_OWN = ("value", "ci_low", "ci_high", "clusters")


@dataclass(frozen=True)
class _Resampled:
    """Point values, replicates and cluster counts: [metrics], [resamples, metrics], [metrics]."""

    keys: list[tuple[str, str]]
    value: Floats
    replicates: Floats
    clusters: NDArray[np.intp]


def results(
    benchmark: str, pools: list[Pool], resamples: int, seed: int = 0
) -> Iterator[dict[str, Any]]:
    """One dict a metric of every pool, in the columns of `frame.SCHEMA`."""
    terms = {
        pool.cell.compression: [score.terms() for score in pool.scored]
        for pool in pools
        if pool.scored
    }
    sums = stack(terms)
    baseline = next((pool for pool in pools if pool.is_baseline and pool.scored), None)
    name = baseline.cell.compression if baseline else None
    found: Estimates = {}
    if sums is not None:
        drawn = bootstrap.shared_draw(benchmark, sums.num.shape[0], resamples, seed)
        found = estimates(sums, drawn, name)
    before = baseline.rows() if baseline else None
    dtype_bits = facts.pooled(baseline.scores, None)["kv_nominal_bits"] if baseline else None
    for pool in pools:
        shared = _shared(pool) | facts.pooled(pool.scores, dtype_bits)
        if before is not None and pool.scored and not pool.is_baseline:
            pairs = flips.pair(before, pool.rows())
            shared |= _flip_columns(flips.count(pairs, resources.right_from(benchmark)))
        for metric in pool.metric_names() or resources.headline(benchmark):
            estimate = found.get((pool.cell.compression, metric), {})
            yield shared | _row(pool, metric, estimate) | _delta(pool, metric, estimate, baseline)


def _shared(pool: Pool) -> dict[str, Any]:
    cell = pool.cell
    return {
        "model": cell.model,
        "compression": cell.compression,
        "benchmark": cell.benchmark,
        "n": pool.total("n"),
        "n_missing": pool.total("n_missing"),
        "digest": pool.digest,
        "seeds": len(pool.scored),
        "seeds_planned": len(pool.scores),
        "weights": cell.weights,
        "kv": cell.kv,
        "paper_model": cell.paper_model,
    }


def _flip_columns(found: flips.Flips) -> dict[str, Any]:
    return {
        "flips": found.changed,
        "n_paired": found.paired,
        "text_changed": found.text_changed,
        "right_to_wrong": found.right_to_wrong,
        "wrong_to_right": found.wrong_to_right,
        "p_mcnemar": found.p_mcnemar,
    }


def _row(pool: Pool, metric: str, estimate: dict[str, float]) -> dict[str, Any]:
    mean, spread = pool.mean_and_spread(metric)
    value = mean
    if estimate and mean is not None:
        value = estimate["value"]
        _check(pool, metric, mean, value)
    columns = {key: estimate[key] for key in _OWN if key in estimate and value is not None}
    status = pool.reason(metric) or pool.status
    if value is not None:
        failed = pool.status == "official_script_failed"
        status = pool.status if failed else "ok"
    return columns | {"metric": metric, "value": value, "status": status, "seed_spread": spread}


def _delta(
    pool: Pool, metric: str, estimate: dict[str, float], baseline: Pool | None
) -> dict[str, Any]:
    """Columns of the comparison with fp16; a bare aggregate has a difference and no interval."""
    if baseline is None or pool is baseline:
        return {}
    (after, _), (before, _) = pool.mean_and_spread(metric), baseline.mean_and_spread(metric)
    if after is None or before is None:
        return {}
    compared = {key: number for key, number in estimate.items() if key not in _OWN}
    return {"delta_fp16": after - before} | compared


def _check(pool: Pool, metric: str, said: float, summed: float) -> None:
    """A scorer's metric and its terms must be the same number (one seed; pooling weighs seeds)."""
    if len(pool.scored) == 1 and abs(said - summed) > _AGREE * max(1.0, abs(said)):
        raise UserError(
            f"{pool.cell.score}: {metric} is {said}, its terms give {summed}; "
            "the scorer of the benchmark contradicts itself."
        )


def estimates(sums: Sums, drawn: Floats, baseline: str | None) -> Estimates:
    """Value, interval and difference from `baseline` of every (compression, metric) of `sums`."""
    used = np.add.reduceat((sums.den != 0).T, sums.starts, axis=0) > 0
    found = _Resampled(
        keys=[(row[0], row[1]) for row in sums.metrics.rows()],
        value=combine(sums.num.sum(axis=0), sums.den.sum(axis=0), sums),
        replicates=bootstrap.replicates(sums, drawn),
        clusters=used.sum(axis=1).astype(np.intp),
    )
    low, high = interval.expanded(found.replicates, found.clusters)
    out: Estimates = {}
    for at, key in enumerate(found.keys):
        out[key] = {"value": found.value[at], "ci_low": low[at], "ci_high": high[at]}
        out[key] |= {"clusters": int(found.clusters[at])} | _exact(sums, at, found)
    for key, delta in _deltas(found, baseline).items():
        out[key] |= delta
    return out


def _exact(sums: Sums, at: int, found: _Resampled) -> dict[str, float]:
    """The exact interval of a percentage at its end; empty for anything else."""
    stop = sums.starts[at + 1] if at + 1 < len(sums.starts) else sums.columns.height
    column = int(sums.starts[at])
    single = stop - column == 1 and sums.columns["scale"][column] == _PERCENT
    num, den, n = sums.num[:, column], sums.den[:, column], int(found.clusters[at])
    if not single or n < 1 or not (np.all(num == 0) or np.array_equal(num, den)):
        return {}
    low, high = interval.exact_rate(n, none=bool(np.all(num == 0)))
    return {"ci_low": low, "ci_high": high}


def _deltas(found: _Resampled, baseline: str | None) -> Estimates:
    """Differences from the baseline in the same resamples."""
    place = {key: at for at, key in enumerate(found.keys)}
    pairs = [
        (at, place[baseline, metric])
        for (compression, metric), at in place.items()
        if baseline is not None and compression != baseline and (baseline, metric) in place
    ]
    if not pairs:
        return {}
    one, two = np.array(pairs).T
    delta = found.value[one] - found.value[two]
    replicates = found.replicates[:, one] - found.replicates[:, two]
    clusters = np.minimum(found.clusters[one], found.clusters[two])
    low, high = interval.expanded(replicates, clusters)
    p = interval.p_values(delta, replicates, clusters)
    names = ("delta_fp16", "delta_low", "delta_high", "p_value")
    return {
        found.keys[at]: dict(zip(names, numbers, strict=True))
        for at, *numbers in zip(one, delta, low, high, p, strict=True)
    }
