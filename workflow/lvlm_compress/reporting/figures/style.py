"""One look for all figures: a scheme has the same colour, marker and hatch wherever it appears.

Colours are those of Okabe and Ito (2008), told apart by the colour-blind; markers and hatches carry
the same information in greyscale.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

from lvlm_compress.reporting.schemes import FP16, Compression

WIDTH = 7.2
GREY = "#9a9a9a"
LIGHT = "#d8d8d8"
INK = "#1a1a1a"
DIVERGING = "PuOr"
# Any: the type stubs want each key as a literal.
RC: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.labelsize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#555555",
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.6,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "hatch.linewidth": 0.5,
    "figure.dpi": 100,
    "svg.hashsalt": "lvlm-compress-bench",
    "svg.fonttype": "path",
    "pdf.fonttype": 3,
}


@dataclass(frozen=True)
class Look:
    """How a scheme is drawn."""

    color: str
    marker: str
    hatch: str


_LOOKS = {
    "fp16": Look("#1a1a1a", "o", ""),
    "uniform": Look("#d55e00", "X", "////"),
    "or2": Look("#e69f00", "s", "\\\\\\\\"),
    "cN": Look("#56b4e9", "^", "...."),
    "c128": Look("#0072b2", "v", "xxxx"),
    "c64": Look("#7fa8c9", "<", "oo"),
    "t128": Look("#009e73", "P", "----"),
    "kcN-vt128": Look("#cc79a7", "D", "++++"),
    "kc128-vt128": Look("#5d3a9b", "*", ""),
    "kt128-vc128": Look("#8c6d31", "p", "||||"),
}
# Weights quantized and the KV cache left alone.
_WEIGHTS = {"awq": Look("#b2182b", "d", "xx"), "rtn": Look("#2166ac", "H", "||")}
_OTHERS = [
    Look("#7f7f7f", "h", "//"),
    Look("#a6761d", "8", ".."),
    Look("#66a61e", ">", "--"),
    Look("#35978f", "<", "++"),
    Look("#c51b7d", "s", "OO"),
]


def look(compression: Compression) -> Look:
    """Colour, marker and hatch of a KV scheme, or of a weight scheme without one.

    A scheme the report has never seen always gets the same look.
    """
    known = _LOOKS.get(compression.family)
    if compression.family == FP16:
        known = _WEIGHTS.get(compression.weight_method, known)
    return known or _OTHERS[zlib.crc32(compression.family.encode()) % len(_OTHERS)]


def size(marker: str) -> float:
    """Marker sizes that look equal."""
    return {"*": 9.5, "X": 6.5, "P": 6.5}.get(marker, 5.5)


def fill(compression: Compression) -> str:
    """Face of a marker: full at 4 bit and more, hollow below."""
    return look(compression).color if compression.kv_bits >= 4 else "white"
