"""Panels of values with intervals, one line a compression: figures 2, 3 and 4."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lvlm_compress.reporting import values
from lvlm_compress.reporting.figures import style
from lvlm_compress.reporting.figures.canvas import empty
from lvlm_compress.reporting.schemes import Compression

LINE = 0.17
TOO_FEW = 50.0


@dataclass(frozen=True)
class Panel:
    """One column of panels: a metric with its title and the direction that is better."""

    benchmark: str
    metric: str
    title: str
    axis: str


@dataclass(frozen=True)
class Validity:
    """The share of usable answers (percent): below `TOO_FEW` a point is drawn grey."""

    benchmark: str
    metric: str
    inverted: bool

    def usable(self, metrics: pl.DataFrame) -> dict[tuple[str, str], float]:
        """(model, compression) -> percent of usable answers."""
        found = values.lookup(metrics, self.benchmark, self.metric)
        return {key: 100 - v if self.inverted else v for key, v in found.items()}


def draw(
    metrics: pl.DataFrame,
    panels: Sequence[Panel],
    validity: Validity,
    belongs: Callable[[Compression], bool],
) -> Figure:
    """A row of panels a model; the band and the dashed line are the uncompressed model."""
    found = {
        panel: [
            p
            for p in values.points(metrics, panel.benchmark, panel.metric)
            if belongs(p.compression)
        ]
        for panel in panels
    }
    names = sorted(
        {p.model for points in found.values() for p in points if not p.compression.is_baseline}
    )
    if not names:
        return empty("No cell of this figure is in this grid.")
    lines = {m: _lines(found.values(), m) for m in names}
    heights = [LINE * len(lines[m]) + 0.55 for m in names]
    figure = Figure(figsize=(style.WIDTH, sum(heights) + 0.45), layout="constrained")
    axes = figure.subplots(
        len(names), len(panels), squeeze=False, sharex="col", height_ratios=heights
    )
    usable = validity.usable(metrics)
    for across, panel in enumerate(panels):
        for down, model in enumerate(names):
            mine = [p for p in found[panel] if p.model == model]
            _panel(axes[down, across], mine, lines[model], usable)
            if across:
                axes[down, across].set_yticklabels([])
        axes[0, across].set_title(f"({'abcdef'[across]}) {panel.title}", loc="left", pad=16)
        axes[-1, across].set_xlabel(panel.axis)
    for down, model in enumerate(names):
        axes[down, 0].annotate(
            model, (0, 1), (0, 3), "axes fraction", "offset points", fontsize=8, color="#444444"
        )
    _note(figure, usable, names)
    return figure


def _lines(columns: Iterable[list[values.Point]], model: str) -> dict[str, int]:
    points = [p for column in columns for p in column if p.model == model]
    names = {p.label: p.name for p in values.ordered(points)}
    return {name: at for at, name in enumerate(names.values())}


def _panel(
    axes: Axes,
    points: list[values.Point],
    lines: dict[str, int],
    usable: dict[tuple[str, str], float],
) -> None:
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.set_yticks(range(len(lines)), list(lines))
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    for point in points:
        if point.compression.is_baseline:
            axes.axvline(
                point.value, color=style.INK, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1
            )
            if point.low is not None and point.high is not None:
                axes.axvspan(
                    point.low, point.high, color=style.LIGHT, alpha=0.5, zorder=0, linewidth=0
                )
        grey = usable.get((point.model, point.label), 100.0) < TOO_FEW
        _mark(axes, point, lines[point.name], grey=grey)


def _mark(axes: Axes, point: values.Point, y: int, *, grey: bool) -> None:
    look = style.look(point.compression)
    color = style.GREY if grey else look.color
    if point.low is not None and point.high is not None:
        axes.plot(
            [point.low, point.high], [y, y], color=color, linewidth=1.3, solid_capstyle="butt"
        )
    face = style.LIGHT if grey else style.fill(point.compression)
    axes.plot(
        point.value,
        y,
        look.marker,
        color=color,
        markerfacecolor=face,
        markeredgewidth=1.0,
        markersize=style.size(look.marker),
        zorder=3,
    )


def _note(figure: Figure, usable: dict[tuple[str, str], float], names: Sequence[str]) -> None:
    text = (
        "Bars: 95 % cluster-bootstrap intervals. Band and dashed line: FP16. Hollow: below 4 bit."
    )
    if any(share < TOO_FEW for (model, _), share in usable.items() if model in names):
        text += f" Grey: under {TOO_FEW:.0f} % usable answers, no sign of fairness."
    figure.supxlabel(text, fontsize=6.8, color="#555555", x=0.01, ha="left")
