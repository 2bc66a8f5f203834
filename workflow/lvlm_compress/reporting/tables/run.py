"""The tables part of the report: every table in three formats, and the claims."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from lvlm_compress.reporting.claims.run import write as write_claims
from lvlm_compress.reporting.tables import table3, table4, table5, table6, table8, table9, table10
from lvlm_compress.reporting.tables.build import build
from lvlm_compress.reporting.tables.write import to_csv, to_markdown, to_tex

SPECS = [module.SPEC for module in (table3, table4, table5, table6, table8, table9, table10)]
_WRITERS = {"csv": to_csv, "md": to_markdown, "tex": to_tex}


def run(statistics: Path, out: Path) -> None:
    """Write all tables of a statistics folder into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    metrics = pl.read_parquet(statistics / "metrics.parquet")
    for spec in SPECS:
        table = build(spec, metrics)
        for kind, write in _WRITERS.items():
            path = out / f"table{spec.number}.{kind}"
            path.write_text(write(table), encoding="utf-8", newline="\n")
    write_claims(metrics, out)
