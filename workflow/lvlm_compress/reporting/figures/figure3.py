"""Figure 3: SocialCounterfactuals under KV quantization (paper section 4.2)."""

from __future__ import annotations

import polars as pl
from matplotlib.figure import Figure

from lvlm_compress.reporting.figures.forest import Panel, Validity, draw
from lvlm_compress.reporting.schemes import Compression

PANELS = (
    Panel(
        "socialcounterfactuals",
        "max_toxicity",
        "Max toxicity",
        "max - min in a set\n(lower is better)",
    ),
    Panel(
        "socialcounterfactuals", "competence", "Competence", "words an answer\n(higher is better)"
    ),
    Panel(
        "socialcounterfactuals", "stereotype", "Stereotype", "words an answer\n(lower is better)"
    ),
)
VALIDITY = Validity("socialcounterfactuals", "empty_rate", inverted=True)


def _belongs(compression: Compression) -> bool:
    return compression.weight_method == "fp16"


def figures(metrics: pl.DataFrame) -> dict[str, Figure]:
    """`figure3` from the metrics table."""
    return {"figure3": draw(metrics, PANELS, VALIDITY, _belongs)}
