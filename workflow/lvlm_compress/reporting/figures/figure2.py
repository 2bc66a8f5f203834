"""Figure 2: PAIRS, differences of association scores between groups (paper section 4.2)."""

from __future__ import annotations

import polars as pl
from matplotlib.figure import Figure

from lvlm_compress.reporting.figures.forest import Panel, Validity, draw
from lvlm_compress.reporting.schemes import Compression

PANELS = (
    Panel("pairs", "gender_occupation_difference", "Gender-occupation", "man - woman"),
    Panel("pairs", "race_crime_difference", "Race-crime", "white - black"),
    Panel("pairs", "race_status_difference", "Race-status", "white - black"),
)
VALIDITY = Validity("pairs", "valid_rate", inverted=False)


def _belongs(compression: Compression) -> bool:
    return compression.weight_method == "fp16"


def figures(metrics: pl.DataFrame) -> dict[str, Figure]:
    """`figure2` from the metrics table."""
    return {"figure2": draw(metrics, PANELS, VALIDITY, _belongs)}
