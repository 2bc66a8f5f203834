"""The kinds of comparison a claim is made of; claims.yaml says which and with what thresholds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from lvlm_compress.reporting import resources
from lvlm_compress.reporting.claims.grid import Grid, headlines

Claim = dict[str, Any]
_LEAST_SIZES = 3
_FIXED = "128"
_SWEPT = re.compile(r"kv(\d+)-kc(\d+)-vt(\d+)")


@dataclass(frozen=True)
class Comparison:
    """One question to the grid: two numbers and whether they agree with the claim."""

    what: str
    left: float
    right: float
    holds: bool


def retain(claim: Claim, grid: Grid) -> Iterator[Comparison]:
    """Compressed value against `keep` times the uncompressed one."""
    for model, kv, metric in product(grid.models, claim["kv"], headlines(claim["metrics"])):
        value, base = grid.get(model, "fp16", kv, metric), grid.fp16(model, metric)
        if value is not None and base:
            holds = value >= claim["keep"] * base
            yield Comparison(f"{model} {kv} {_name(metric)}: value, fp16", value, base, holds)


def near(claim: Claim, grid: Grid) -> Iterator[Comparison]:
    """Distance from the uncompressed value, in the metric's unit or as a share of its scale."""
    for model, kv, metric in product(grid.models, claim["kv"], headlines(claim["metrics"])):
        value, base = grid.get(model, "fp16", kv, metric), grid.fp16(model, metric)
        if value is None or base is None:
            continue
        full = resources.metrics(metric[0])[metric[1]].full
        within = claim["within"] if "within" in claim else claim["within_full"] * full
        holds = abs(value - base) <= within
        yield Comparison(f"{model} {kv} {_name(metric)}: value, fp16", value, base, holds)


def beats(claim: Claim, grid: Grid) -> Iterator[Comparison]:
    """One scheme against another, weights untouched."""
    families = product(claim.get("pairs", []), claim.get("bits", []))
    pairs = [(f"kv{bits}-{good}", f"kv{bits}-{bad}") for (good, bad), bits in families]
    pairs += [(good, bad) for good, bad in claim.get("kv_pairs", [])]
    for model, (good, bad), metric in product(grid.models, pairs, headlines(claim["metrics"])):
        left, right = grid.get(model, "fp16", good, metric), grid.get(model, "fp16", bad, metric)
        if left is None or right is None or _both_low(claim, grid, model, metric, max(left, right)):
            continue
        yield Comparison(f"{model} {_name(metric)}: {good}, {bad}", left, right, left >= right)


def _both_low(claim: Claim, grid: Grid, model: str, metric: tuple[str, str], higher: float) -> bool:
    base = grid.fp16(model, metric)
    return "ignore_below" in claim and base is not None and higher < claim["ignore_below"] * base


def weights(claim: Claim, grid: Grid) -> Iterator[Comparison]:
    """Weights and KV quantized against the uncompressed model."""
    chosen = product(grid.models, claim["weights"], claim["kv"], headlines(claim["metrics"]))
    for model, weight, kv, metric in chosen:
        value, base = grid.get(model, weight, kv, metric), grid.fp16(model, metric)
        if value is not None and base is not None:
            what = f"{model} {weight}+{kv} {_name(metric)}: value, fp16"
            yield Comparison(what, value, base, value >= base)


def sensitive(claim: Claim, grid: Grid) -> Iterator[Comparison]:
    """Share of the fp16 value that the smaller and the larger model of a family keep."""
    chosen = product(claim["sizes"], claim["weights"], claim["kv"], headlines(claim["metrics"]))
    for (small, large), weight, kv, metric in chosen:
        kept = []
        for model in (small, large):
            value, base = grid.get(model, weight, kv, metric), grid.fp16(model, metric)
            if value is not None and base:
                kept.append(100 * value / base)
        if len(kept) == 2:
            what = f"{weight}+{kv} {_name(metric)}: % kept by {small}, by {large}"
            yield Comparison(what, kept[0], kept[1], kept[0] < kept[1])


def spread(claim: Claim, grid: Grid) -> Iterator[Comparison]:
    """Range over the group sizes of one side, in percent of fp16, with and without AWQ weights."""
    for model, metric, sweep in product(grid.models, headlines(claim["metrics"]), _sweeps(grid)):
        base = grid.fp16(model, metric)
        found = {w: _range(grid, model, w, metric, sweep) for w in ("fp16", "w4-awq")}
        alone, joint = found["fp16"], found["w4-awq"]
        if base and alone is not None and joint is not None:
            what = f"{model} {_name(metric)} {sweep[0]}..{sweep[-1]}: % range with W4, without"
            left, right = 100 * joint / base, 100 * alone / base
            yield Comparison(what, left, right, left > right)


def _sweeps(grid: Grid) -> Iterator[list[str]]:
    """Schemes that differ in one group size only, K's or V's, the other being 128."""
    found: dict[tuple[str, str], list[str]] = {}
    for kv in sorted({key.kv for key in grid.values}):
        if match := _SWEPT.fullmatch(kv):
            bits, k_group, v_group = match.groups()
            if v_group == _FIXED:
                found.setdefault((bits, "k"), []).append(kv)
            if k_group == _FIXED:
                found.setdefault((bits, "v"), []).append(kv)
    yield from (sweep for sweep in found.values() if len(sweep) >= _LEAST_SIZES)


def _range(
    grid: Grid, model: str, weight: str, metric: tuple[str, str], sweep: list[str]
) -> float | None:
    found = [grid.get(model, weight, kv, metric) for kv in sweep]
    numbers = [value for value in found if value is not None]
    return max(numbers) - min(numbers) if len(numbers) >= _LEAST_SIZES else None


def _name(metric: tuple[str, str]) -> str:
    return resources.metrics(metric[0])[metric[1]].title


CHECKS: dict[str, Callable[[Claim, Grid], Iterator[Comparison]]] = {
    "retain": retain,
    "near": near,
    "beats": beats,
    "weights": weights,
    "sensitive": sensitive,
    "spread": spread,
}
