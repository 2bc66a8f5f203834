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
_WORKFLOW = Path(__file__).resolve().parents[2]
_PAPER = _WORKFLOW / "resources" / "paper"
_CAPTIONS = _WORKFLOW / "report"
# What each part takes from the paper's folder: a new threshold redraws no figure.
_READS = {
    "statistics": ("metrics.yaml",),
    "tables": ("metrics.yaml", "results.csv", "suspicious.csv", "claims.yaml"),
    "figures": ("metrics.yaml",),
    "page": ("metrics.yaml", "models.yaml"),
}
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
    files = [_PAPER / name for name in _READS[part]]
    if part == "page":
        files += sorted(p for p in (_PAGE / "assets").iterdir() if p.is_file())
        files += [_CAPTIONS / f"{name}.rst" for name in FIGURES]
    return files
