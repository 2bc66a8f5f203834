"""The report's cells: statistics -> tables, figures -> page, from the scores that are planned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lvlm_compress.address import Part
from lvlm_compress.artifacts import file_sha256
from lvlm_compress.cells import Cell
from lvlm_compress.fingerprint import Sources
from lvlm_compress.grid import Grid
from lvlm_compress.reporting import outputs
from lvlm_compress.reporting.cells import ReportCell
from lvlm_compress.settings import Settings


def report_cells(
    settings: Settings, grid: Grid, sources: Sources, scores: Sequence[Cell], present: set[str]
) -> dict[str, Cell]:
    """The four report cells by kind; `present` holds the digests of the scores that are used."""
    used = [cell for cell in scores if cell.digest in present]
    listed = [[cell.name, cell.digest, cell.digest in present] for cell in scores]
    statistics = Cell(
        "statistics",
        {},
        {
            "cells": Part.of(listed),
            "grid": Part.of(_described(settings, grid)),
            "options": Part.of(dict(settings.config["report"])),
            "resources": _resources("statistics"),
            "code": _code(sources, "statistics"),
        },
        inputs={cell.digest: cell for cell in used},
        suffix="/manifest.json",
    )
    tables = _drawn("tables", sources, {"statistics": statistics})
    figures = _drawn("figures", sources, {"statistics": statistics})
    made = {"statistics": statistics, "tables": tables, "figures": figures}
    page = _drawn("page", sources, made)
    return {cell.kind: cell for cell in (statistics, tables, figures, page)}


def as_report_cells(
    settings: Settings, grid: Grid, scores: Iterable[Cell], present: set[str]
) -> list[ReportCell]:
    """The planned scores as the report's stages take them."""
    compressions = {compression.label: compression for compression in grid.compressions}
    papers = {model.name: model.fields.get("paper_name") for model in grid.models}
    made = []
    for cell in scores:
        labels = cell.labels
        compression = compressions[labels["compression"]]
        here = cell.digest in present
        generation = settings.store / cell.inputs["generation"].path
        made.append(
            ReportCell(
                model=labels["model"],
                compression=compression.label,
                weights=compression.weights or "fp16",
                kv=compression.kv,
                benchmark=labels["benchmark"],
                seed=None if labels["seed"] == "greedy" else int(labels["seed"]),
                digest=cell.digest,
                status="ok" if here else "not_run",
                score=settings.store / cell.path if here else None,
                generation=generation,
                paper_model=papers[labels["model"]],
            )
        )
    return made


def _drawn(kind: str, sources: Sources, inputs: dict[str, Cell]) -> Cell:
    parts = {role: cell.part for role, cell in inputs.items()}
    parts |= {"resources": _resources(kind), "code": _code(sources, kind)}
    return Cell(kind, {}, parts, inputs=inputs, suffix="/manifest.json")


def _resources(kind: str) -> Part:
    return Part.of({file.name: file_sha256(file) for file in outputs.data_files(kind)})


def _code(sources: Sources, kind: str) -> Part:
    return Part.of(sources.fingerprint(outputs.modules(kind)))


def _described(settings: Settings, grid: Grid) -> dict[str, Any]:
    return {
        "name": settings.grid_name,
        "engine": grid.engine,
        "models": {model.name: dict(model.fields) for model in grid.models},
        "description": settings.grid.get("description", ""),
    }
