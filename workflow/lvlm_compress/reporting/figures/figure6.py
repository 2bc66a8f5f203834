"""Figure 6: group sizes of g-KC(g1)VT(g2), the other group fixed to 128 (paper section 4.4).

(a) sweeps g1, the tokens of a K group; (b) sweeps g2, the channels of a V group; with and without
quantized weights.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lvlm_compress.reporting import values
from lvlm_compress.reporting.figures import style
from lvlm_compress.reporting.figures.canvas import empty
from lvlm_compress.reporting.values import Point

_FAMILY = re.compile(r"kc(\d+)-vt(\d+)")
FIXED = 128
_LEAST = 2
_COLORS = ("#5d3a9b", "#d55e00", "#0072b2", "#009e73")
_MARKERS = ("*", "s", "^", "P")
Series = dict[tuple[str, int, float], list[tuple[int, Point]]]


def figures(metrics: pl.DataFrame) -> dict[str, Figure]:
    """`figure6a` and `figure6b` from the metrics table."""
    points, axis = values.ablation(metrics)
    return {
        "figure6a": _lines(_sweep(points, swept=0), axis, "group size of K, g1 (tokens)"),
        "figure6b": _lines(_sweep(points, swept=1), axis, "group size of V, g2 (channels)"),
    }


def _sweep(points: Sequence[Point], *, swept: int) -> Series:
    """(group size, point) by (model, weight bits, KV bits), where there are two sizes or more."""
    found: Series = defaultdict(list)
    for point in points:
        match = _FAMILY.fullmatch(point.compression.family)
        if match and int(match[2 - swept]) == FIXED:
            key = (point.model, point.compression.weight_bits, point.compression.kv_bits)
            found[key].append((int(match[1 + swept]), point))
    return {key: sorted(line, key=_size) for key, line in found.items() if len(line) >= _LEAST}


def _size(item: tuple[int, Point]) -> int:
    return item[0]


def _lines(series: Series, axis: str, sizes: str) -> Figure:
    names = sorted({model for model, _, _ in series})
    if not names:
        return empty("This grid holds one group size only: nothing to sweep.")
    figure = Figure(figsize=(3.6 * min(2, len(names)) + 1.2, 2.6), layout="constrained")
    row = figure.subplots(1, len(names), squeeze=False, sharey=True)[0]
    for axes, model in zip(row, names, strict=True):
        _panel(axes, {key: line for key, line in series.items() if key[0] == model})
        axes.set_title(model, loc="left")
        axes.set_xlabel(sizes)
    row[0].set_ylabel(axis)
    return figure


def _panel(axes: Axes, series: Series) -> None:
    keys = sorted(series, key=lambda key: (-key[1], -key[2]))
    for number, key in enumerate(keys):
        color, marker = _COLORS[number % len(_COLORS)], _MARKERS[number % len(_MARKERS)]
        weights = "KV only" if key[1] == 16 else f"W{key[1]} and KV"
        xs = [size for size, _ in series[key]]
        axes.plot(
            xs,
            [point.value for _, point in series[key]],
            color=color,
            marker=marker,
            markersize=style.size(marker),
            linestyle="-" if key[1] == 16 else (0, (4, 2)),
            label=f"{weights}, {key[2]:g} bit",
        )
        for x, point in series[key]:
            if point.low is not None and point.high is not None:
                axes.plot([x, x], [point.low, point.high], color=color, linewidth=0.9, alpha=0.7)
    ticks = sorted({size for line in series.values() for size, _ in line})
    axes.set_xscale("log", base=2)
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.legend(loc="best")
