"""The files each part of the report writes and the data files it reads, for the workflow's rules.

Nothing heavy is imported: planning asks this module.
"""

from __future__ import annotations

from pathlib import Path

TABLES = ("table3", "table4", "table5", "table6", "table8", "table9", "table10")
FIGURES = (
    "figure2",
    "figure3",
    "figure4",
    "figure5a",
    "figure5b",
    "figure6a",
    "figure6b",
    "pareto",
    "heatmap",
    "accuracy_bits",
    "flips_accuracy",
)
PAGE = "report.html"
_RESOURCES = Path(__file__).resolve().parents[2] / "resources" / "paper"
_PAGE = Path(__file__).resolve().parent / "page"


def statistics() -> list[str]:
    """What `report statistics` writes into its folder."""
    return ["metrics.csv", "metrics.parquet"]


def tables() -> list[str]:
    """What `report tables` writes into its folder."""
    files = [f"{table}.{kind}" for table in TABLES for kind in ("csv", "md", "tex")]
    return [*files, "claims.csv", "claims.md"]


def figures() -> list[str]:
    """What `report figures` writes into its folder."""
    return [f"{figure}.{kind}" for figure in FIGURES for kind in ("svg", "pdf", "png")]


def page() -> list[str]:
    """What `report page` writes."""
    return [PAGE]


def modules(part: str) -> list[str]:
    """The module whose import closure is the code of a part, for its fingerprint."""
    return [f"lvlm_compress.reporting.{part}.run"]


def data_files(part: str) -> list[Path]:
    """Files that are no code but change what a part writes; they belong into its digest."""
    paper = sorted(_RESOURCES.glob("*.csv")) + sorted(_RESOURCES.glob("*.yaml"))
    if part == "page":
        return paper + sorted(p for p in (_PAGE / "assets").iterdir() if p.is_file())
    return paper
