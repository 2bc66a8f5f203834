"""The figures part of the report: every figure as svg, pdf and png."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from matplotlib import rc_context

from lvlm_compress.reporting.figures import (
    figure2,
    figure3,
    figure4,
    figure5,
    figure6,
    flips,
    heatmap,
    memory,
    style,
)
from lvlm_compress.reporting.figures.canvas import save

FAMILIES = (figure2, figure3, figure4, figure5, figure6, memory, heatmap, flips)


def run(statistics: Path, out: Path) -> None:
    """Draw all figures of a statistics folder into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    metrics = pl.read_parquet(statistics / "metrics.parquet")
    with rc_context(style.RC):
        for family in FAMILIES:
            for name, figure in family.figures(metrics).items():
                save(figure, out, name)
