"""The report's limits on a simulated full paper grid: 60 s and 2 GB."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from benchmarks.report_grid import build, timed


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_full_paper_grid_in_60_seconds_and_2_gb(tmp_path: Path) -> None:
    inputs = build(tmp_path, 1.0)
    parts = [timed(part, tmp_path, inputs) for part in ("statistics", "tables", "figures")]
    assert sum(float(part["cpu_seconds"]) for part in parts) < 60
    assert max(float(part["peak_mb"]) for part in parts) < 2000
    table = pl.read_csv(tmp_path / "tables" / "table8.csv", infer_schema_length=None)
    states = table.select(pl.col("^.*_status$")).unpivot()["value"].unique()
    assert set(states) <= {"ok", "official_script_failed"}
