"""Rounds as a table: medians, paired ratios, shares of the floor."""

from __future__ import annotations

import statistics
from typing import Any

from peers.kinds import BASELINE

COLUMNS = (
    "image tokens",
    "questions/image",
    "new tokens",
    "variant",
    "s",
    "CPU s",
    "x batch 1",
    "share of floor",
)
Row = dict[str, Any]


def rows(case: dict[str, Any]) -> list[Row]:
    """One row a variant; one that was not measured says why in `not measured`."""
    base = {run["round"]: run["seconds"] for run in case["runs"][BASELINE]}
    cell = {"image tokens": case["image_tokens"], "questions/image": case["per_image"]}
    cell["new tokens"] = case["new"]
    made = []
    for name, runs in case["runs"].items():
        ratios = [base[run["round"]] / run["seconds"] for run in runs]
        shares = [case["flops"] / run["gemm"] / run["seconds"] for run in runs]
        figures = {
            "s": statistics.median(run["seconds"] for run in runs),
            "CPU s": statistics.median(run["cpu"] for run in runs),
            "x batch 1": statistics.median(ratios),
            "share of floor": statistics.median(shares),
        }
        made.append({**cell, "variant": name, **figures})
    lost = [{**cell, "variant": name, "not measured": why} for name, why in case["lost"].items()]
    return made + lost


def header() -> str:
    return f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}"


def line(row: Row) -> str:
    """A row in markdown."""
    cell = " | ".join(str(row[column]) for column in COLUMNS[:4])
    if "not measured" in row:
        why = row["not measured"].replace("|", "/")
        return f"| {cell} | not measured: {why} | | | |"
    return (
        f"| {cell} | {row['s']:.2f} | {row['CPU s']:.2f} | {row['x batch 1']:.2f} | "
        f"{row['share of floor']:.0%} |"
    )
