"""What a generation says about its storage: bits and bytes.

Timings stay in the cells' provenance: tables must not depend on how fast a machine was.
The score's body carries its generation's facts, so that the report needs no generation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from lvlm_compress.reporting.statistics.load import CellScore

# Column of the metrics table -> its name among the generation's facts.
NAMES = {
    "kv_nominal_bits": "kv_nominal_bits",
    "kv_effective_bits": "kv_effective_bits",
    "kv_share": "kv_share_of_unquantized",
    "kv_bytes": "kv_bytes_per_prompt",
    "kv_peak_bytes": "kv_peak_bytes",
    "weight_bytes": "weight_bytes",
}
COLUMNS = list(NAMES)
_DIGITS = 6
Facts = dict[str, float | None]


def facts(score: CellScore) -> dict[str, float]:
    """The facts of one cell; what its generation does not tell is left out."""
    told = ((score.body or {}).get("generation") or {}).get("facts") or {}
    if not isinstance(told, Mapping):
        return {}
    numbers = {column: told.get(name) for column, name in NAMES.items()}
    return {column: float(n) for column, n in numbers.items() if isinstance(n, int | float)}


def pooled(scores: Sequence[CellScore], dtype_bits: float | None) -> Facts:
    """Mean of each fact over the seeds that have it.

    Args:
        scores: the seeds of one cell.
        dtype_bits: bits of an uncompressed value (the baseline's nominal bits), to turn the share
            of the uncompressed cache into effective bits where the generation names none.
    """
    each = [facts(score) for score in scores]
    means: Facts = {}
    for name in COLUMNS:
        values = [one[name] for one in each if name in one]
        means[name] = round(fmean(values), _DIGITS) if values else None
    share = means["kv_share"]
    if means["kv_effective_bits"] is None and share is not None and dtype_bits is not None:
        means["kv_effective_bits"] = round(share * dtype_bits, _DIGITS)
    return means
