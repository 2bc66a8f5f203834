"""The paper's printed numbers in this project's names."""

from __future__ import annotations

from functools import cache

import polars as pl

from lvlm_compress.reporting import resources

_FP16 = "16"


@cache
def results() -> pl.DataFrame:
    """One row a printed cell.

    Columns: `table, model, weights, kv, benchmark, metric, value, printed, suspicious`.

    `value` is null where the paper prints `-`; `printed` is the text as printed; `suspicious` holds
    the reason where a cell looks like a slip of the paper.
    """
    raw = pl.read_csv(resources.PAPER / "results.csv", infer_schema=False)
    names = {
        metric.paper: (benchmark, metric.name)
        for benchmark in resources.benchmarks()
        for metric in resources.metrics(benchmark).values()
        if metric.paper
    }
    doubts = pl.read_csv(resources.PAPER / "suspicious.csv", infer_schema=False).rows()
    rows = []
    for table, model, scheme, kv_bits, weight_bits, benchmark, metric, printed in raw.rows():
        ours = names[benchmark, metric]
        key = (model, scheme, kv_bits, weight_bits, benchmark, metric)
        rows.append(
            {
                "table": int(table),
                "model": model,
                "weights": "fp16" if weight_bits == _FP16 else f"w{weight_bits}-awq",
                "kv": _kv(scheme, kv_bits),
                "benchmark": ours[0],
                "metric": ours[1],
                "value": float(printed) if printed else None,
                "printed": printed or "-",
                "suspicious": _doubt(key, doubts),
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def _kv(scheme: str, bits: str) -> str:
    if bits == _FP16:
        return "fp16"
    return f"kv{bits}-" + ("or2" if scheme == "or" else scheme.removeprefix("g-"))


def _doubt(key: tuple[str, ...], doubts: list[tuple[str | None, ...]]) -> str | None:
    for *pattern, reason in doubts:
        if all(want in (None, have) for want, have in zip(pattern, key, strict=True)):
            return reason
    return None
