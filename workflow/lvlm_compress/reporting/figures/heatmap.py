"""Change from fp16 of every headline metric, model by model, compression by compression."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import SymLogNorm
from matplotlib.figure import Figure

from lvlm_compress.reporting import resources, values
from lvlm_compress.reporting.figures import style
from lvlm_compress.reporting.figures.canvas import empty
from lvlm_compress.reporting.values import Point

ALPHA = 0.05
LINE = 0.19
LINEAR = 5.0
TICKS = (-100, -30, -10, -5, 0, 5, 10, 30, 100)
_DARK = 0.35
Changes = dict[tuple[str, str], tuple[float, bool]]


def figures(metrics: pl.DataFrame) -> dict[str, Figure]:
    """`heatmap` from the metrics table."""
    columns = [
        m for b in resources.benchmarks() for m in resources.metrics(b).values() if m.headline
    ]
    found = {(m.benchmark, m.name): _changes(metrics, m) for m in columns}
    columns = [m for m in columns if found[m.benchmark, m.name][0]]
    lines = _lines(found.values())
    if not lines:
        return {"heatmap": empty("No compression of this grid can be compared with fp16.")}
    return {"heatmap": _draw(columns, {k: c for k, (c, _) in found.items()}, lines)}


def _changes(metrics: pl.DataFrame, metric: resources.Metric) -> tuple[Changes, list[Point]]:
    """Change in percent of the metric's scale and whether Holm leaves it significant."""
    points = [
        p
        for p in values.points(metrics, metric.benchmark, metric.name)
        if p.row["delta_fp16"] is not None
    ]
    changes = {
        (p.model, p.label): (
            100 * p.row["delta_fp16"] / metric.full,
            p.row["p_holm"] is not None and p.row["p_holm"] < ALPHA,
        )
        for p in points
    }
    return changes, points


def _lines(found: Iterable[tuple[Changes, list[Point]]]) -> dict[str, dict[str, str]]:
    points = values.ordered([p for _, points in found for p in points])
    lines: dict[str, dict[str, str]] = {}
    for point in points:
        lines.setdefault(point.model, {})[point.label] = point.name
    return lines


def _draw(
    columns: list[resources.Metric],
    changes: dict[tuple[str, str], Changes],
    lines: dict[str, dict[str, str]],
) -> Figure:
    heights = [LINE * len(labels) + 0.3 for labels in lines.values()]
    figure = Figure(figsize=(style.WIDTH + 0.8, sum(heights) + 1.5), layout="constrained")
    grid = figure.subplots(len(lines), 1, squeeze=False, height_ratios=heights, sharex=True)[:, 0]
    norm = SymLogNorm(linthresh=LINEAR, vmin=-100, vmax=100)
    for axes, (model, labels) in zip(grid, lines.items(), strict=True):
        _panel(axes, columns, changes, model, labels, norm)
        axes.set_title(model, loc="left")
    grid[0].tick_params(axis="x", top=True, labeltop=True, bottom=False, labelbottom=False)
    grid[0].set_xticks(
        range(len(columns)),
        [m.title for m in columns],
        rotation=40,
        ha="left",
        rotation_mode="anchor",
    )
    for axes in grid[1:]:
        axes.tick_params(axis="x", bottom=False, labelbottom=False)
    bar = figure.colorbar(
        ScalarMappable(norm, style.DIVERGING),
        ax=list(grid),
        location="bottom",
        shrink=0.6,
        aspect=45,
        pad=0.01,
    )
    bar.set_ticks(TICKS, labels=[f"{tick:g}" for tick in TICKS])
    bar.set_label(f"change from fp16, % of the scale; • p < {ALPHA} after Holm", fontsize=7.5)
    return figure


def _panel(
    axes: Axes,
    columns: list[resources.Metric],
    changes: dict[tuple[str, str], Changes],
    model: str,
    labels: dict[str, str],
    norm: SymLogNorm,
) -> None:
    cells = np.full((len(labels), len(columns)), np.nan)
    for across, metric in enumerate(columns):
        for down, label in enumerate(labels):
            found = changes[metric.benchmark, metric.name].get((model, label))
            if found is None:
                axes.text(across, down, "–", ha="center", va="center", fontsize=6, color=style.GREY)
                continue
            cells[down, across] = found[0]
            color = "white" if abs(norm(found[0]) - 0.5) > _DARK else style.INK
            text = f"{found[0]:+.1f}" + ("•" if found[1] else "")
            axes.text(across, down, text, ha="center", va="center", fontsize=5.8, color=color)
    axes.imshow(cells, cmap=colormaps[style.DIVERGING], norm=norm, aspect="auto")
    axes.set_yticks(range(len(labels)), list(labels.values()))
    axes.tick_params(length=0)
    axes.grid(visible=False)
    for side in axes.spines.values():
        side.set_visible(False)
