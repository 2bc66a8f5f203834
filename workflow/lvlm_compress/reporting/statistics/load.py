"""Score artifacts as the stage wrote them: a JSON, and rows and terms as parquet beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from lvlm_compress.artifacts import read_json
from lvlm_compress.errors import UserError
from lvlm_compress.reporting.cells import ReportCell

TERM_COLUMNS = ["metric", "term", "scale", "cluster", "num", "den"]
ROW_COLUMNS = ["id", "cluster", "answer", "parsed", "score"]
SHOWN = ["image", "prompt"]


@dataclass(frozen=True)
class CellScore:
    """A planned cell and, where its score exists, what the artifact says."""

    cell: ReportCell
    header: dict[str, Any]
    body: dict[str, Any] | None

    @property
    def status(self) -> str:
        """The score's status; the plan's where there is no score."""
        if self.body is None:
            return self.cell.status if self.cell.status != "ok" else "not_run"
        return str(self.body["status"])

    def terms(self) -> pl.DataFrame:
        """The sums each metric is made of, one row a (metric, term, cluster)."""
        return _parquet(self.cell, "terms", TERM_COLUMNS)

    def rows(self) -> pl.DataFrame:
        """One row an example."""
        return _parquet(self.cell, "rows", ROW_COLUMNS)

    def shown_rows(self) -> pl.DataFrame:
        """One row an example, with picture and prompt; those are null where the score has none."""
        frame = pl.read_parquet(_path(self.cell, "rows"))
        missing = [pl.lit(None, pl.String).alias(c) for c in SHOWN if c not in frame.columns]
        return frame.with_columns(missing).select(*ROW_COLUMNS, *SHOWN)


def load_score(cell: ReportCell) -> CellScore:
    """Read a cell's score; a cell without one, or whose file is not here, has no body."""
    if cell.score is None or not cell.score.is_file():
        return CellScore(cell, {}, None)
    header, body = read_json(cell.score)
    if not isinstance(body, dict) or not {"status", "metrics", "n"} <= set(body):
        raise UserError(f"{cell.score} is no score artifact; delete it and run again.")
    return CellScore(cell, header, body)


def _path(cell: ReportCell, part: str) -> Path:
    if cell.score is None:
        raise ValueError(f"cell {cell.digest} has no score")
    return cell.score.with_name(f"{cell.score.stem}.{part}.parquet")


def _parquet(cell: ReportCell, part: str, columns: list[str]) -> pl.DataFrame:
    path = _path(cell, part)
    try:
        return pl.read_parquet(path, columns=columns)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UserError(f"{path} lacks or cannot give {', '.join(columns)}: {error}.") from error
