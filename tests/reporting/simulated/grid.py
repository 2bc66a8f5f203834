"""A whole simulated grid on disk: score artifacts of every configuration the paper printed."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from lvlm_compress.artifacts import write_json, write_lines
from lvlm_compress.reporting import paper, resources, schemes
from lvlm_compress.reporting.cells import ReportCell
from tests.reporting.simulated import draw

SEEDS: dict[str, tuple[int | None, ...]] = {"pairs": (0, 1, 2), "socialcounterfactuals": (0,)}
# What the paper shows in figures only: no printed number, so a guess that keeps the order.
EXTRA = {
    "LLaVA-1.5-13B": [
        ("fp16", "k3v2-t128", 32.8),
        ("fp16", "k2v3-t128", 14.0),
        ("fp16", "k3v2-c128", 24.0),
        ("fp16", "k2v3-c128", 12.0),
        ("fp16", "kv4-kt128-vc128", 33.9),
        ("fp16", "kv2-kt128-vc128", 11.0),
    ],
    "LLaVA-1.5-7B": [
        (weights, f"kv2-kc{k}-vt{v}", 30.0 - abs(k - 64) / 64 - abs(v - 64) / 64)
        for weights in ("fp16", "w4-awq")
        for k, v in ((32, 128), (64, 128), (128, 32), (128, 64))
    ],
}


@dataclass(frozen=True)
class Setup:
    """One (model, compression) with the means its benchmarks are drawn around."""

    model: str
    weights: str
    kv: str
    means: dict[tuple[str, str], float | None]

    @property
    def compression(self) -> str:
        """The canonical id."""
        parts = [part for part in (self.weights, self.kv) if part != "fp16"]
        return "+".join(parts) or "fp16"


def setups(models: Iterable[str] | None = None) -> list[Setup]:
    """Every configuration printed in the paper and those its figures need."""
    found: dict[tuple[str, str, str], dict[tuple[str, str], float | None]] = {}
    for row in paper.results().iter_rows(named=True):
        key = (row["model"], row["weights"], row["kv"])
        found.setdefault(key, {})[row["benchmark"], row["metric"]] = row["value"]
    for model, extra in EXTRA.items():
        for weights, kv, mmvet in extra:
            found.setdefault((model, weights, kv), {})["mmvet", "total"] = mmvet
    chosen = set(models) if models is not None else None
    return [
        Setup(*key, means) for key, means in found.items() if chosen is None or key[0] in chosen
    ]


def write(
    out: Path, chosen: Sequence[Setup], scale: float = 1.0, benchmarks: Sequence[str] | None = None
) -> list[ReportCell]:
    """Write artifacts below `out`; `scale` shrinks the sets."""
    cells = []
    for setup in chosen:
        for benchmark in benchmarks or resources.benchmarks():
            for seed in SEEDS.get(benchmark, (None,)):
                cells.append(_cell(out, setup, benchmark, seed, scale))
    return cells


def _cell(out: Path, setup: Setup, benchmark: str, seed: int | None, scale: float) -> ReportCell:
    name = f"{setup.model}-{setup.compression}-{benchmark}-{seed}"
    digest = f"{zlib.crc32(name.encode()):08x}"
    score, generation = out / "scores" / f"{digest}.json", out / "generations" / f"{digest}.jsonl"
    ok, rows, terms = _draw(setup, benchmark, seed, scale)
    values = dict(_values(terms))
    body: dict[str, Any] = {
        "benchmark": benchmark,
        "status": "ok" if ok else "official_script_failed",
        "n": rows.height,
        "n_missing": 0,
        "official_script_ok": ok,
        "failure_reason": None if ok else "newline_in_answer",
        "metrics": values,
        "reasons": {},
        "counts": {},
        "generation": {"facts": _facts(setup)},
    }
    write_json(score, {"simulated": True}, body)
    rows.write_parquet(score.with_name(f"{digest}.rows.parquet"))
    terms.write_parquet(score.with_name(f"{digest}.terms.parquet"))
    write_lines(generation, {"simulated": True, "facts": _facts(setup)}, ())
    return ReportCell(
        model=setup.model.lower(),
        compression=setup.compression,
        weights=setup.weights,
        kv=setup.kv,
        benchmark=benchmark,
        seed=seed,
        digest=digest,
        status="ok",
        score=score,
        generation=generation,
        paper_model=setup.model,
    )


def _draw(
    setup: Setup, benchmark: str, seed: int | None, scale: float
) -> tuple[bool, pl.DataFrame, pl.DataFrame]:
    shared = zlib.crc32(f"{setup.model}{benchmark}{seed}".encode())
    own = zlib.crc32(f"{setup.model}{setup.compression}{benchmark}{seed}".encode())
    base = draw.latent(benchmark, shared, scale)
    drawn = draw.Latent(base.shared, base.cluster, np.random.default_rng(own))
    means = {metric: value for (name, metric), value in setup.means.items() if name == benchmark}
    validity = _validity(setup)
    if benchmark == "pairs":
        score, terms = draw.pairs(drawn, validity)
        return True, draw.rows(drawn, score), terms
    if benchmark == "socialcounterfactuals":
        score, terms = draw.counterfactuals(drawn, validity)
        return True, draw.rows(drawn, score), terms
    metric = resources.headline(benchmark)[0]
    printed = means.get(metric)
    full = 900.0 * 2 if benchmark == "mme" else 100.0
    score = drawn.score((printed if printed is not None else full * validity / 2) / full)
    ok = printed is not None or metric not in means
    return ok, draw.rows(drawn, score), _terms(benchmark, drawn, score, metric, means)


def _terms(
    benchmark: str,
    drawn: draw.Latent,
    score: np.ndarray,
    metric: str,
    means: dict[str, float | None],
) -> pl.DataFrame:
    if benchmark == "mme":
        return draw.mme(drawn, score)
    if benchmark == "hallusionbench":
        return draw.hallusionbench(drawn, score, means)
    return draw.plain(drawn, score, metric)


def _validity(setup: Setup) -> float:
    """The share of readable answers: high where the printed accuracies are."""
    printed = [
        v / 100 for (b, m), v in setup.means.items() if m in ("accuracy", "total") and v is not None
    ]
    return float(np.clip(max(printed, default=0.5) * 1.3, 0.02, 0.98))


def _values(terms: pl.DataFrame) -> Iterator[tuple[str, float]]:
    parts = terms.group_by("metric", "term", maintain_order=True).agg(
        value=pl.col("scale").first() * pl.col("num").sum() / pl.col("den").sum()
    )
    yield from parts.group_by("metric", maintain_order=True).agg(pl.col("value").sum()).iter_rows()


def _facts(setup: Setup) -> dict[str, Any]:
    compression = schemes.parse(setup.weights, setup.kv)
    size = 13e9 if "13B" in setup.model else 7e9
    overhead = {16: 0.0}.get(int(compression.kv_bits), 0.3)
    bits = compression.kv_bits + overhead
    return {
        "kv_nominal_bits": compression.kv_bits,
        "kv_effective_bits": bits,
        "kv_share_of_unquantized": bits / 16,
        "kv_bytes_per_prompt": 700 * size / 7e9 * 262144 * 2 * bits / 16,
        "weight_bytes": size * compression.weight_bits / 8,
        "seconds": 60.0,
    }
