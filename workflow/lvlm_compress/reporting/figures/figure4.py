"""Figure 4: SocialCounterfactuals with weights and KV quantized, WnKVm (paper section 4.3)."""

from __future__ import annotations

import polars as pl
from matplotlib.figure import Figure

from lvlm_compress.reporting.figures.figure3 import PANELS, VALIDITY
from lvlm_compress.reporting.figures.forest import draw
from lvlm_compress.reporting.tables.spec import with_weights


def figures(metrics: pl.DataFrame) -> dict[str, Figure]:
    """`figure4` from the metrics table."""
    return {"figure4": draw(metrics, PANELS, VALIDITY, with_weights)}
