"""Figure 5: which of K and V deserves bits, and which hybrid grouping (paper section 4.4, MM-Vet).

(a) different bit-widths for K and V, per token against per channel (knvm: K in n bit, V in m bit);
(b) K per channel with V per token against the reverse.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lvlm_compress.reporting import schemes, values
from lvlm_compress.reporting.figures import style
from lvlm_compress.reporting.figures.canvas import empty

GROUPINGS = ("t128", "c128", "cN", "kc128-vt128")
HYBRIDS = ("kc128-vt128", "kt128-vc128")
_WIDE = 0.8


def figures(metrics: pl.DataFrame) -> dict[str, Figure]:
    """`figure5a` and `figure5b` from the metrics table."""
    points, axis = values.ablation(metrics)
    kv = [p for p in points if p.compression.weight_method == "fp16"]
    mixed = {p.model for p in kv if p.compression.k_bits != p.compression.v_bits}
    reverse = {p.model for p in kv if p.compression.family == HYBRIDS[1]}
    return {
        "figure5a": _bars([p for p in kv if p.model in mixed], GROUPINGS, axis),
        "figure5b": _bars([p for p in kv if p.model in reverse], HYBRIDS, axis),
    }


def _bars(points: list[values.Point], families: Sequence[str], axis: str) -> Figure:
    names = sorted({p.model for p in points})
    if not names:
        return empty("The compressions of this figure are not in this grid.")
    figure = Figure(figsize=(style.WIDTH, 2.5 * len(names)), layout="constrained")
    for axes, model in zip(figure.subplots(len(names), squeeze=False)[:, 0], names, strict=True):
        _panel(axes, [p for p in points if p.model == model], families)
        axes.set_title(model, loc="left")
        axes.set_ylabel(axis, wrap=True)
    return figure


def _panel(axes: Axes, points: list[values.Point], families: Sequence[str]) -> None:
    shown = [p for p in points if p.compression.family in families]
    bits = sorted(
        {(p.compression.k_bits, p.compression.v_bits) for p in shown},
        key=lambda b: (-sum(b), -b[0]),
    )
    present = [f for f in families if any(p.compression.family == f for p in shown)]
    width = _WIDE / max(1, len(present))
    for point in shown:
        at = bits.index((point.compression.k_bits, point.compression.v_bits))
        place = present.index(point.compression.family)
        x = at + (place - (len(present) - 1) / 2) * width
        look = style.look(point.compression)
        first = point is next(p for p in shown if p.compression.family == point.compression.family)
        axes.bar(
            x,
            point.value,
            width * 0.92,
            color=look.color,
            hatch=look.hatch,
            edgecolor="white",
            linewidth=0,
            label=schemes.family_label(point.compression.family) if first else None,
        )
        _interval(axes, x, point)
    for point in points:
        if point.compression.is_baseline:
            axes.axhline(
                point.value, color=style.INK, linewidth=0.9, linestyle=(0, (4, 2)), label="FP16"
            )
    axes.set_xticks(range(len(bits)), [f"k{k}v{v}" for k, v in bits])
    axes.grid(axis="x", visible=False)
    axes.legend(
        ncols=len(present) + 1, loc="lower left", bbox_to_anchor=(0.2, 1.0), borderaxespad=0.2
    )


def _interval(axes: Axes, x: float, point: values.Point) -> None:
    if point.low is not None and point.high is not None:
        axes.plot([x, x], [point.low, point.high], color=style.INK, linewidth=1.0)
