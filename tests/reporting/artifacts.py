"""Small score artifacts on disk, for tests of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from lvlm_compress.artifacts import write_json
from lvlm_compress.reporting.cells import ReportCell

TERMS = {
    "metric": pl.String,
    "term": pl.String,
    "scale": pl.Float64,
    "cluster": pl.String,
    "num": pl.Float64,
    "den": pl.Float64,
}


def accuracy_terms(scores: Sequence[float], clusters: Sequence[str], metric: str) -> pl.DataFrame:
    """The terms of a plain mean in percent."""
    frame = pl.DataFrame({"cluster": clusters, "num": scores, "den": [1.0] * len(scores)})
    summed = frame.group_by("cluster").sum().sort("cluster")
    constants = [
        pl.lit(metric).alias("metric"),
        pl.lit("").alias("term"),
        pl.lit(100.0).alias("scale"),
    ]
    return summed.with_columns(constants).select(pl.col(n).cast(t) for n, t in TERMS.items())


def write_cell(
    folder: Path,
    *,
    scores: Sequence[float] | None,
    kv: str = "fp16",
    weights: str = "fp16",
    model: str = "m",
    benchmark: str = "gqa",
    metric: str = "accuracy",
    seed: int | None = None,
    clusters: Sequence[str] | None = None,
    answers: Sequence[str] | None = None,
    rows: Mapping[str, Sequence[Any]] | None = None,
    body: Mapping[str, Any] | None = None,
    terms: pl.DataFrame | None = None,
    paper_model: str | None = None,
) -> ReportCell:
    """A cell with one accuracy; `scores` None makes one that was not run."""
    label = "+".join(part for part in (weights, kv) if part != "fp16") or "fp16"
    digest = f"{model}.{label}.{benchmark}.{seed}".replace(".", "-").replace("+", "-")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{digest}.json"
    if scores is not None:
        clusters = clusters or [f"c{n}" for n in range(len(scores))]
        answers = answers or ["right" if s else "wrong" for s in scores]
        table: dict[str, Sequence[Any]] = {
            "id": [f"q{n}" for n in range(len(scores))],
            "cluster": clusters,
            "answer": answers,
            "parsed": answers,
            "score": scores,
        }
        pl.DataFrame(table | dict(rows or {})).write_parquet(
            path.with_name(f"{digest}.rows.parquet")
        )
        if terms is None:
            terms = accuracy_terms(scores, clusters, metric)
        terms.write_parquet(path.with_name(f"{digest}.terms.parquet"))
        told: dict[str, Any] = {
            "benchmark": benchmark,
            "status": "ok",
            "n": len(scores),
            "n_missing": 0,
            "official_script_ok": True,
            "failure_reason": None,
            "reasons": {},
            "counts": {},
            "metrics": {metric: 100 * sum(scores) / len(scores)},
        }
        header = {"host": "here", "created": "2025-01-01T00:00:00+00:00"}
        write_json(path, header, told | dict(body or {}))
    return ReportCell(
        model=model,
        compression=label,
        weights=weights,
        kv=kv,
        benchmark=benchmark,
        seed=seed,
        digest=digest,
        status="not_run" if scores is None else "ok",
        score=None if scores is None else path,
        generation=None,
        paper_model=paper_model,
    )
