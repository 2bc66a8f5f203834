"""The legend of schemes that scatter and line figures share."""

from __future__ import annotations

from collections.abc import Iterable

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lvlm_compress.reporting import schemes
from lvlm_compress.reporting.figures import style
from lvlm_compress.reporting.schemes import Compression


def of_schemes(figure: Figure, used: Iterable[Compression], *, hollow: bool = True) -> None:
    """One entry a scheme above the figure; `hollow` explains the faces of markers."""
    named = {_name(c): c for c in sorted(used, key=schemes.order)}
    handles = [_handle(c, name) for name, c in named.items()]
    if hollow:
        handles.append(_plain("full: 4 bit and more", "#777777"))
        handles.append(_plain("hollow: below", "white"))
    figure.legend(handles=handles, loc="outside upper center", ncols=min(5, len(handles)))


def _name(compression: Compression) -> str:
    """The KV scheme; the weight method where the KV cache is left alone."""
    if compression.family == schemes.FP16:
        return schemes.scheme_label(compression)
    return schemes.family_label(compression.family)


def _handle(compression: Compression, label: str) -> Line2D:
    look = style.look(compression)
    return Line2D(
        [],
        [],
        color=look.color,
        marker=look.marker,
        linestyle="",
        label=label,
        markersize=style.size(look.marker),
    )


def _plain(label: str, face: str) -> Line2D:
    return Line2D(
        [], [], color="#777777", marker="o", markerfacecolor=face, linestyle="", label=label
    )
