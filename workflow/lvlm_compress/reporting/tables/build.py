"""Fill a table from the metrics: our value, the paper's beside it, the best of each bit-width."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

import polars as pl

from lvlm_compress.reporting import paper, resources, schemes
from lvlm_compress.reporting.tables.spec import Cell, Row, Table, TableSpec

NOT_IN_GRID = "not_in_grid"
Found = dict[tuple[str, str, str, str], dict[str, Any]]
Printed = dict[tuple[str, str, str, str, str], dict[str, Any]]


def build(spec: TableSpec, metrics: pl.DataFrame) -> Table:
    """The table for the models at hand.

    A model has rows if the paper's table shows it or if the paper does not know it. Its rows are
    the grid's compressions that belong here and, where the paper has more, those as missing.
    """
    keys = ["model", "compression", "benchmark", "metric"]
    found: Found = {tuple(row[k] for k in keys): row for row in metrics.iter_rows(named=True)}
    printed = _printed(spec)
    rows = []
    plan = metrics.select("model", "paper_model", "compression", "weights", "kv").unique()
    for (model,), planned in sorted(plan.group_by("model"), key=lambda item: str(item[0][0])):
        rows += _rows(spec, str(model), planned, found, printed)
    return Table(spec, tuple(_with_best(spec, rows)))


def _printed(spec: TableSpec) -> Printed:
    table = paper.results().filter(pl.col("table") == spec.number)
    keys = ("model", "weights", "kv", "benchmark", "metric")
    return {
        (row[keys[0]], row[keys[1]], row[keys[2]], row[keys[3]], row[keys[4]]): row
        for row in table.iter_rows(named=True)
    }


def _rows(
    spec: TableSpec, model: str, planned: pl.DataFrame, found: Found, printed: Printed
) -> list[Row]:
    name = planned["paper_model"][0]
    if name is not None and name not in {key[0] for key in printed}:
        return []
    ours = planned.select("compression", "weights", "kv").rows()
    wanted = [(label, weights, kv) for label, weights, kv in ours]
    have = {(weights, kv) for _, weights, kv in ours}
    papers = {(key[1], key[2]) for key in printed if key[0] == name}
    wanted += [(None, weights, kv) for weights, kv in sorted(papers - have)]
    rows = []
    for label, weights, kv in wanted:
        compression = schemes.parse(weights, kv)
        if not spec.belongs(compression):
            continue
        cells = tuple(
            _cell(found, printed, (model, label, name, weights, kv), *column)
            for column in spec.columns
        )
        rows.append(Row(model, label, weights, kv, compression, cells))
    return sorted(rows, key=lambda row: schemes.order(row.compression, row.label or ""))


def _cell(
    found: Found,
    printed: Printed,
    row: tuple[str, str | None, str | None, str, str],
    benchmark: str,
    metric: str,
) -> Cell:
    model, label, name, weights, kv = row
    cell = Cell(None, NOT_IN_GRID)
    if label is not None:
        cell = _ours(found, (model, label, benchmark), metric)
    theirs = printed.get((name, weights, kv, benchmark, metric)) if name else None
    if theirs is None:
        return cell
    difference = None
    comparable = cell.status == "ok" and not cell.offline and cell.value is not None
    if comparable and cell.value is not None and theirs["value"] is not None:
        difference = cell.value - theirs["value"]
    return replace(
        cell, printed=theirs["printed"], difference=difference, suspicious=theirs["suspicious"]
    )


def _ours(found: Found, key: tuple[str, str, str], metric: str) -> Cell:
    row = found.get((*key, metric))
    if row is not None and row["value"] is not None:
        return Cell(row["value"], row["status"])
    offline = found.get((*key, f"offline_{metric}"))
    if offline is not None and offline["value"] is not None:
        return Cell(offline["value"], offline["status"], offline=True)
    if row is not None:
        return Cell(None, row["status"])
    states = [r["status"] for k, r in found.items() if k[:3] == key and r["status"] != "ok"]
    return Cell(None, states[0] if states else NOT_IN_GRID)


def _with_best(spec: TableSpec, rows: list[Row]) -> list[Row]:
    groups: dict[tuple[str, int, float], list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        groups[row.group].append(at)
    out = list(rows)
    for column, (benchmark, name) in enumerate(spec.columns):
        metric = resources.metrics(benchmark)[name]
        for group in groups.values():
            for at in _best(metric, {at: rows[at].cells[column] for at in group}):
                cells = list(out[at].cells)
                cells[column] = replace(cells[column], best=True)
                out[at] = replace(out[at], cells=tuple(cells))
    return out


def _best(metric: resources.Metric, cells: dict[int, Cell]) -> list[int]:
    """Places of the best shown values (all of a tie); none where nothing competes."""
    shown = {
        at: round(cell.value, metric.digits)
        for at, cell in cells.items()
        if cell.value is not None and cell.status == "ok"
    }
    if len(cells) < 2 or not shown:
        return []
    rank = {at: _distance(metric.better, value) for at, value in shown.items()}
    return [at for at, distance in rank.items() if distance == min(rank.values())]


def _distance(better: str | float, value: float) -> float:
    """Small is good, whichever way the metric points."""
    if better == "up":
        return -value
    return value if better == "down" else abs(value - float(better))
