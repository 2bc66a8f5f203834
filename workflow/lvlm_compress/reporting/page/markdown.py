"""The tables part writes Markdown; the page shows the same tables."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CELL = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class MarkdownTable:
    """A pipe table: caption, header, rows of (text, bold) cells, notes below."""

    caption: str
    heads: list[str]
    rows: list[list[tuple[str, bool]]]
    notes: list[str]


def parse(text: str) -> MarkdownTable:
    """Read a table that `tables.write.to_markdown` wrote."""
    lines = text.splitlines()
    piped = [line for line in lines if line.startswith("|")]
    before: list[str] = []
    after: list[str] = []
    for line in lines:
        if line.strip() and not line.startswith("|"):
            (after if piped and lines.index(line) > lines.index(piped[0]) else before).append(line)
    heads, _, *rows = [_cells(line) for line in piped]
    bold = [[(_plain(c.strip("*")) if _bold(c) else _plain(c), False) for c in heads]]
    return MarkdownTable(
        caption=_plain(" ".join(before).replace("**", "")),
        heads=[cell for cell, _ in bold[0]],
        rows=[[_cell(cell) for cell in row] for row in rows],
        notes=[_plain(line.strip()) for line in after],
    )


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in _CELL.split(line)[1:-1]]


def _bold(cell: str) -> bool:
    return cell.startswith("**")


def _cell(cell: str) -> tuple[str, bool]:
    return _plain(cell.replace("**", "") if _bold(cell) else cell), _bold(cell)


def _plain(text: str) -> str:
    return re.sub(r"\\([|*_<>`\\])", r"\1", text).replace("`", "")
