"""Each conclusion of the paper as supported, not supported or not enough data, with its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from lvlm_compress.reporting import resources
from lvlm_compress.reporting.claims.checks import CHECKS, Comparison
from lvlm_compress.reporting.claims.grid import Grid, read

SUPPORTED, NOT_SUPPORTED, NO_DATA = "supported", "not supported", "not enough data"
_HEAD = ("id", "verdict", "holds", "of", "share_needed", "text", "source", "threshold")
_COUNTS = {"holds": pl.Int64, "of": pl.Int64, "share_needed": pl.Float64}
_SCHEMA: dict[str, Any] = {
    **{name: _COUNTS.get(name, pl.String) for name in _HEAD},
    "comparison": pl.String,
    "left": pl.Float64,
    "right": pl.Float64,
    "comparison_holds": pl.Boolean,
}
_NOTE = (
    "Values are compared as they are; claims.csv has all comparisons and the thresholds' source."
)


@dataclass(frozen=True)
class Verdict:
    """One claim and what the grid says to it."""

    id: str
    source: str
    text: str
    threshold: str
    share: float
    comparisons: tuple[Comparison, ...]
    verdict: str

    @property
    def holds(self) -> int:
        """How many comparisons agree with the claim."""
        return sum(comparison.holds for comparison in self.comparisons)


def evaluate(metrics: pl.DataFrame) -> list[Verdict]:
    """Every claim of claims.yaml on a grid."""
    content = yaml.safe_load((resources.PAPER / "claims.yaml").read_text(encoding="utf-8"))
    grid = read(metrics)
    return [_verdict(claim, grid) for claim in content["claims"]]


def _verdict(claim: dict[str, Any], grid: Grid) -> Verdict:
    found = tuple(CHECKS[claim["check"]](claim, grid))
    held = sum(comparison.holds for comparison in found)
    verdict = NO_DATA
    if len(found) >= claim["least"]:
        verdict = SUPPORTED if held >= claim["share"] * len(found) else NOT_SUPPORTED
    named = {key: str(claim[key]) for key in ("id", "source", "text", "threshold")}
    return Verdict(**named, share=claim["share"], comparisons=found, verdict=verdict)


def write(metrics: pl.DataFrame, out: Path) -> None:
    """Write `claims.csv` (one line a comparison) and `claims.md` (one line a claim)."""
    verdicts = evaluate(metrics)
    pl.DataFrame(_lines(verdicts), schema=_SCHEMA, orient="row").write_csv(out / "claims.csv")
    (out / "claims.md").write_text(markdown(verdicts), encoding="utf-8", newline="\n")


def _lines(verdicts: list[Verdict]) -> list[tuple[Any, ...]]:
    lines: list[tuple[Any, ...]] = []
    for v in verdicts:
        count = (v.holds, len(v.comparisons), v.share)
        head = (v.id, v.verdict, *count, v.text, v.source, v.threshold)
        if not v.comparisons:
            lines.append((*head, None, None, None, None))
        for c in v.comparisons:
            lines.append((*head, c.what, round(c.left, 4), round(c.right, 4), c.holds))
    return lines


def markdown(verdicts: list[Verdict]) -> str:
    """The claims as a Markdown table."""
    lines = ["| Claim | Source | Verdict | Comparisons that hold |", "|---|---|---|---:|"]
    for v in verdicts:
        count = f"{v.holds} of {len(v.comparisons)} (needs {v.share:.0%})"
        lines.append(f"| {v.text} | {v.source} | **{v.verdict}** | {count} |")
    return "\n".join([*lines, "", _NOTE, ""])
