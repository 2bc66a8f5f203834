"""Accuracy against memory and against bits: what a compression buys.

`pareto` plots the bytes of weights and of a prompt's KV cache as the generations measured them;
`accuracy_bits` the effective bits of a K or V value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lvlm_compress.reporting import values
from lvlm_compress.reporting.figures import style
from lvlm_compress.reporting.figures.canvas import empty
from lvlm_compress.reporting.figures.legend import of_schemes
from lvlm_compress.reporting.schemes import FP16_BITS
from lvlm_compress.reporting.values import Point

_ACROSS = 2
Placed = tuple[float, Point]


def figures(metrics: pl.DataFrame) -> dict[str, Figure]:
    """`pareto` and `accuracy_bits` from the metrics table."""
    points, used = values.mean_accuracy(metrics)
    ylabel = f"mean accuracy (%), {len(used)} benchmarks"
    memory, xlabel = _memory(metrics, points)
    bits = _column(metrics, points, "kv_effective_bits")
    kv_only = [(x, p) for x, p in bits if p.compression.weight_method == "fp16"]
    return {
        "pareto": _grid(memory, xlabel, ylabel, _front),
        "accuracy_bits": _grid(kv_only, "effective bits of a K or V value", ylabel, _by_family),
    }


def _column(metrics: pl.DataFrame, points: Sequence[Point], column: str) -> list[Placed]:
    """Points with a fact's mean over the accuracy benchmarks; a point without it is left out."""
    rows = metrics.filter(
        pl.col("benchmark").is_in(values.accuracy_benchmarks()) & pl.col(column).is_not_null()
    )
    means = rows.unique(["model", "compression", "benchmark"], maintain_order=True)
    means = means.group_by("model", "compression").agg(pl.col(column).mean())
    found = {(model, label): x for model, label, x in means.iter_rows()}
    return [(found[p.model, p.label], p) for p in points if (p.model, p.label) in found]


def _memory(metrics: pl.DataFrame, points: Sequence[Point]) -> tuple[list[Placed], str]:
    """Megabytes of weights and KV; of KV alone where no generation tells its weights."""
    kv = _column(metrics, points, "kv_bytes")
    weights = {(p.model, p.label): x for x, p in _column(metrics, points, "weight_bytes")}
    if not weights:
        return [(x / 1e6, p) for x, p in kv], "KV cache of a prompt (MB); weights not recorded"
    both = [(x, p) for x, p in kv if (p.model, p.label) in weights]
    placed = [((x + weights[p.model, p.label]) / 1e6, p) for x, p in both]
    return placed, "weights and KV cache of a prompt (MB)"


def _grid(
    placed: list[Placed], xlabel: str, ylabel: str, join: Callable[[Axes, list[Placed]], None]
) -> Figure:
    names = sorted({point.model for _, point in placed})
    if not names:
        return empty("No generation of this grid tells its KV storage.")
    down = -(-len(names) // _ACROSS)
    across = min(_ACROSS, len(names))
    figure = Figure(figsize=(style.WIDTH, 2.6 * down + 0.7), layout="constrained")
    grid = figure.subplots(down, across, squeeze=False)
    for axes in grid.flat[len(names) :]:
        axes.set_axis_off()
    for axes, model in zip(grid.flat, names, strict=False):
        mine = [(x, p) for x, p in placed if p.model == model]
        join(axes, mine)
        for x, point in mine:
            _mark(axes, x, point)
        _name_weights(axes, mine)
        axes.margins(y=0.12)
        axes.set_title(model, loc="left")
    figure.supxlabel(xlabel, fontsize=8)
    figure.supylabel(ylabel, fontsize=8)
    of_schemes(figure, (point.compression for _, point in placed))
    return figure


def _mark(axes: Axes, x: float, point: Point) -> None:
    look = style.look(point.compression)
    axes.plot(
        x,
        point.value,
        look.marker,
        color=look.color,
        markersize=style.size(look.marker),
        markerfacecolor=style.fill(point.compression),
        zorder=3,
    )


def _name_weights(axes: Axes, placed: list[Placed]) -> None:
    """Say where the quantized weights are: once a width, at the highest point."""
    highest: dict[int, Placed] = {}
    for x, point in placed:
        bits = point.compression.weight_bits
        if bits not in highest or point.value > highest[bits][1].value:
            highest[bits] = (x, point)
    for bits, (x, point) in highest.items():
        if bits != FP16_BITS:
            place, unit = (0, 6), "offset points"
            axes.annotate(
                f"W{bits}", (x, point.value), place, textcoords=unit, ha="center", fontsize=6
            )


def _front(axes: Axes, placed: list[Placed]) -> None:
    """The line of compressions that nothing beats in memory and accuracy."""
    best = float("-inf")
    front = []
    for x, point in sorted(placed, key=lambda item: (item[0], -item[1].value)):
        if point.value > best:
            best = point.value
            front.append((x, point.value))
    axes.plot(*zip(*front, strict=True), color=style.GREY, linewidth=1.2, zorder=1)


def _by_family(axes: Axes, placed: list[Placed]) -> None:
    """One line a scheme over its bit-widths, ending at the uncompressed model."""
    lines: dict[str, list[Placed]] = defaultdict(list)
    for x, point in placed:
        if point.compression.k_bits == point.compression.v_bits:
            lines[point.compression.family].append((x, point))
    baseline = lines.pop("fp16", [])
    for line in lines.values():
        joined = sorted([*line, *baseline], key=lambda item: item[0])
        look = style.look(line[0][1].compression)
        ys = [point.value for _, point in joined]
        axes.plot([x for x, _ in joined], ys, color=look.color, linewidth=1.0, zorder=2)
    axes.set_xscale("log", base=2)
    axes.set_xlim(left=1.8)
    axes.set_xticks([2, 4, 8, 16], ["2", "4", "8", "16"])
    axes.minorticks_off()
