"""Saving a figure, byte for byte the same every time, and the figure that has nothing to show."""

from __future__ import annotations

from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from lvlm_compress.reporting.figures import style

PNG_DPI = 160
# Dates and versions would change the bytes of an unchanged figure.
_METADATA: dict[str, dict[str, str | None]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


def empty(reason: str) -> Figure:
    """A figure that says why there is nothing in it."""
    figure = Figure(figsize=(style.WIDTH, 1.6), layout="constrained")
    figure.text(0.5, 0.5, reason, ha="center", va="center", fontsize=9, color="#555555", wrap=True)
    return figure


def save(figure: Figure, out: Path, name: str) -> None:
    """Write `name` as svg, pdf and png."""
    with rc_context(style.RC):
        for kind, metadata in _METADATA.items():
            figure.savefig(out / f"{name}.{kind}", metadata=metadata, dpi=PNG_DPI)
            # The layout is found with the first format and holds for all.
            figure.set_layout_engine("none")
