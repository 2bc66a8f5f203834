"""Flips against accuracy: answers that changed while the mean may have stayed."""

from __future__ import annotations

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lvlm_compress.reporting import resources, values
from lvlm_compress.reporting.figures import style
from lvlm_compress.reporting.figures.canvas import empty
from lvlm_compress.reporting.figures.legend import of_schemes
from lvlm_compress.reporting.values import Point

_ACROSS = 2
Flipped = tuple[float, float, Point]


def figures(metrics: pl.DataFrame) -> dict[str, Figure]:
    """`flips_accuracy` from the metrics table."""
    found = [item for b in values.accuracy_benchmarks() for item in _points(metrics, b)]
    names = sorted({point.model for _, _, point in found})
    if not names:
        return {"flips_accuracy": empty("No compression of this grid can be compared with fp16.")}
    down, across = -(-len(names) // _ACROSS), min(_ACROSS, len(names))
    figure = Figure(figsize=(style.WIDTH, 2.7 * down + 0.7), layout="constrained")
    grid = figure.subplots(down, across, squeeze=False, sharey=True)
    for axes in grid.flat[len(names) :]:
        axes.set_axis_off()
    for axes, model in zip(grid.flat, names, strict=False):
        _panel(axes, [item for item in found if item[2].model == model])
        axes.set_title(model, loc="left")
    figure.supxlabel("change in accuracy from fp16 (% of the scale)", fontsize=8)
    figure.supylabel("answers that changed (%)", fontsize=8)
    of_schemes(figure, (point.compression for _, _, point in found))
    return {"flips_accuracy": figure}


def _points(metrics: pl.DataFrame, benchmark: str) -> list[Flipped]:
    name = resources.headline(benchmark)[0]
    full = resources.metrics(benchmark)[name].full
    return [
        (100 * p.row["delta_fp16"] / full, 100 * p.row["flips"] / p.row["n_paired"], p)
        for p in values.points(metrics, benchmark, name)
        if p.row["delta_fp16"] is not None and p.row["flips"] is not None and p.row["n_paired"]
    ]


def _panel(axes: Axes, found: list[Flipped]) -> None:
    reach = max(5.0, *(abs(x) for x, _, _ in found))
    # A loss of x percent needs at least x percent of changed answers: no point below the lines.
    axes.plot([-reach, 0, reach], [reach, 0, reach], color=style.GREY, linestyle=":", linewidth=1)
    xs = [x for x, _, _ in found]
    axes.set_xlim(min(*xs, -5.0) - 3, max(*xs, 5.0) + 3)
    for x, y, point in found:
        look = style.look(point.compression)
        axes.plot(
            x,
            y,
            look.marker,
            color=look.color,
            markersize=style.size(look.marker) * 0.85,
            markerfacecolor=style.fill(point.compression),
            alpha=0.85,
        )
