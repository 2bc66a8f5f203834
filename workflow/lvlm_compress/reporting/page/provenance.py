"""What made each cell, from the headers of its artifacts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lvlm_compress.reporting.statistics.load import CellScore
from lvlm_compress.reporting.statistics.pool import Pool

_SHOWN = ("created", "host", "device", "platform", "python", "wall_seconds", "peak_memory_bytes")
_LONGEST = 4000


def of_cell(score: CellScore, *, full: bool) -> dict[str, str]:
    """Lines of one cell's provenance; `full` adds specification and versions."""
    generation = (score.body or {}).get("generation") or {}
    lines = {"score digest": score.cell.digest}
    if "digest" in generation:
        lines["generation digest"] = str(generation["digest"])
    for part, header in (("score", score.header), ("generation", generation)):
        lines |= {f"{part} {key}": str(header[key]) for key in _SHOWN if key in header}
    if not full:
        return lines
    for part, header in (("score", score.header), ("generation", generation)):
        for key in ("versions", "spec", "facts"):
            if header.get(key):
                text = json.dumps(header[key], sort_keys=True, ensure_ascii=False)
                lines[f"{part} {key}"] = text[:_LONGEST]
    return lines


def of_pool(pool: Pool, *, full: bool) -> list[dict[str, str]]:
    """Provenance of every seed of a pool."""
    return [of_cell(score, full=full) for score in pool.scores]


def machines(scores: Iterable[CellScore]) -> list[str]:
    """On what the answers were made: host, device and versions, most cells first."""
    found: Counter[str] = Counter()
    for score in scores:
        told: Mapping[str, Any] = (score.body or {}).get("generation") or score.header
        versions = told.get("versions") or {}
        listed = ", ".join(f"{name} {versions[name]}" for name in sorted(versions))
        if "host" in told:
            found[f"{told['host']}, {told.get('device', '?')}: {listed}"] += 1
    return [f"{machine} ({count} cells)" for machine, count in sorted(found.items(), key=_most)]


def _most(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def states(scores: Sequence[CellScore]) -> dict[str, int]:
    """How many cells are in which state."""
    return dict(sorted(Counter(score.status for score in scores).items()))
