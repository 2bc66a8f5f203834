"""The cells a report is made of, as planned, whether their scores exist or not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from lvlm_compress.errors import UserError


@dataclass(frozen=True)
class ReportCell:
    """One (model, compression, benchmark, seed) of the plan.

    Attributes:
        compression: the grid's label; `weights` and `kv` are its canonical parts (`fp16` if none).
        seed: None for a greedy benchmark.
        paper_model: the paper's name of the model, None where it is not in the paper.
        score: the score artifact (JSON beside its parquet of rows), None when it is missing.
        generation: the generation artifact (JSON lines, header first), None when it is not here.
        status: `ok`, `not_run` or `failed` as planned; the score refines it.
    """

    model: str
    compression: str
    weights: str
    kv: str
    benchmark: str
    seed: int | None
    digest: str
    status: str
    score: Path | None
    generation: Path | None
    paper_model: str | None = None


def to_rows(cells: Sequence[ReportCell]) -> list[dict[str, Any]]:
    """Cells as JSON values, paths as text."""
    return [{k: str(v) if isinstance(v, Path) else v for k, v in asdict(c).items()} for c in cells]


def from_rows(rows: Sequence[Any], path: Path) -> list[ReportCell]:
    """What `to_rows` made; anything else is a UserError that names the entry and the file."""
    return [_cell(row, path, number) for number, row in enumerate(rows)]


def dump_cells(cells: Sequence[ReportCell], path: Path) -> None:
    """Write cells as a JSON list, paths as text."""
    path.write_text(json.dumps(to_rows(cells), indent=1) + "\n", encoding="utf-8")


def load_cells(path: Path) -> list[ReportCell]:
    """Read what `dump_cells` wrote; anything else is a UserError that names the entry."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise UserError(f"{path} is no list of report cells: {error}.") from error
    if not isinstance(rows, list):
        raise UserError(f"{path} is no list of report cells; write it with dump_cells.")
    return from_rows(rows, path)


def _cell(row: Any, path: Path, number: int) -> ReportCell:
    names = {field.name for field in fields(ReportCell)}
    if not isinstance(row, dict) or not names - {"paper_model"} <= set(row) <= names:
        raise UserError(f"{path}, entry {number}: expected the keys {', '.join(sorted(names))}.")
    paths = {key: Path(row[key]) if row[key] else None for key in ("score", "generation")}
    return ReportCell(**{**row, **paths})
