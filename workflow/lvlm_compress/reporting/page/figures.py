"""Figures as images inside the page, with the captions of the snakemake report."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from lvlm_compress.reporting import outputs

CAPTIONS = Path(__file__).resolve().parents[3] / "report"


@dataclass(frozen=True)
class Shown:
    """A figure as a data URI; as an image it can neither run nor load anything."""

    name: str
    caption: str
    uri: str


def shown(folder: Path) -> list[Shown]:
    """Every figure of a figures folder, in the report's order."""
    return [_shown(folder / f"{name}.svg", name) for name in outputs.FIGURES]


def _shown(path: Path, name: str) -> Shown:
    encoded = base64.b64encode(path.read_bytes()).decode("ascii")
    return Shown(name, caption(name), f"data:image/svg+xml;base64,{encoded}")


def caption(name: str) -> str:
    """The caption of a figure, without the markup of the snakemake report."""
    text = (CAPTIONS / f"{name}.rst").read_text(encoding="utf-8")
    return " ".join(text.split()).replace("``", "")
