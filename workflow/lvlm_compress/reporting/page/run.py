"""The page part of the report: one HTML file with everything in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from lvlm_compress.reporting import outputs, resources, schemes
from lvlm_compress.reporting.cells import ReportCell
from lvlm_compress.reporting.page import examples, figures, markdown, provenance, rows
from lvlm_compress.reporting.page.render import render
from lvlm_compress.reporting.page.thumbnails import Thumbnails
from lvlm_compress.reporting.statistics.load import CellScore, load_score
from lvlm_compress.reporting.statistics.pool import Pool, pools

# Up to this many cells the page also holds each cell's specification and versions.
FULL_PROVENANCE = 400


@dataclass(frozen=True)
class Folders:
    """What the earlier parts wrote."""

    statistics: Path
    tables: Path
    figures: Path


def run(cells: Sequence[ReportCell], folders: Folders, out: Path, images: dict[str, Path]) -> None:
    """Write `report.html` into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    html = render(context(cells, folders, images))
    (out / outputs.PAGE).write_text(html, encoding="utf-8", newline="\n")


def context(
    cells: Sequence[ReportCell], folders: Folders, images: dict[str, Path]
) -> dict[str, Any]:
    """Everything the template shows."""
    metrics = pl.read_parquet(folders.statistics / "metrics.parquet")
    scores = [load_score(cell) for cell in cells]
    thumbnails = Thumbnails(images)
    shown, cut = rows.shown(metrics)
    return {
        "overview": _overview(scores),
        "columns": rows.COLUMNS,
        "rows": shown,
        "cut": cut,
        "claims": _claims(folders.tables),
        "figures": figures.shown(folders.figures),
        "tables": [_table(folders.tables, name) for name in outputs.TABLES],
        "panels": list(_panels(scores, metrics, thumbnails)),
        "pictures": thumbnails.uris,
    }


def _overview(scores: Sequence[CellScore]) -> dict[str, Any]:
    cells = [score.cell for score in scores]
    notes = yaml.safe_load((resources.PAPER / "models.yaml").read_text(encoding="utf-8"))
    models = sorted({cell.model for cell in cells})
    return {
        "models": models,
        "compressions": list(dict.fromkeys(cell.compression for cell in cells)),
        "benchmarks": list(dict.fromkeys(cell.benchmark for cell in cells)),
        "states": provenance.states(scores),
        "machines": provenance.machines(scores),
        "notes": {model: notes[model] for model in models if model in notes},
    }


def _claims(tables: Path) -> list[dict[str, Any]]:
    """Claims with their comparisons, from claims.csv."""
    frame = pl.read_csv(tables / "claims.csv", infer_schema=False)
    claims: dict[str, dict[str, Any]] = {}
    for row in frame.iter_rows(named=True):
        claim = claims.setdefault(row["id"], {**row, "comparisons": []})
        if row["comparison"] is not None:
            claim["comparisons"].append(row)
    return list(claims.values())


def _table(tables: Path, name: str) -> markdown.MarkdownTable:
    return markdown.parse((tables / f"{name}.md").read_text(encoding="utf-8"))


def _panels(
    scores: Sequence[CellScore], metrics: pl.DataFrame, thumbnails: Thumbnails
) -> list[dict[str, Any]]:
    """One entry a (model, benchmark) with one panel a compression."""
    cap = examples.per_cell(len(scores))
    full = len(scores) <= FULL_PROVENANCE
    keys = ["model", "benchmark", "compression"]
    heads = {
        tuple(row[key] for key in keys): row
        for row in metrics.filter(pl.col("headline")).reverse().iter_rows(named=True)
    }
    out = []
    for model, benchmark, found in pools(scores):
        panels = [
            {
                "compression": pool.cell.compression,
                "status": pool.status,
                "baseline": pool.is_baseline,
                "head": heads.get((model, benchmark, pool.cell.compression)),
                "provenance": provenance.of_pool(pool, full=full),
                "examples": [(e, thumbnails.css_class(benchmark, e.image)) for e in chosen],
            }
            for pool, chosen in sorted(examples.examples(found, cap), key=_place)
        ]
        name = resources.title(benchmark)
        out.append({"model": model, "benchmark": name, "panels": panels})
    return out


def _place(item: tuple[Pool, Any]) -> tuple[float, float, int, str, str]:
    cell = item[0].cell
    return schemes.order(schemes.parse(cell.weights, cell.kv), cell.compression)
