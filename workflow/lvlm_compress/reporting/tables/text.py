"""Numbers and missing values as the tables print them."""

from __future__ import annotations

from lvlm_compress.reporting import resources
from lvlm_compress.reporting.tables.spec import Cell, Table

# The paper's dash is one state only; the others must not look like it (spec section 13).
MARKS = {
    "official_script_failed": "-",
    "needs_llm_judge": "needs judge",
    "needs_server_submission": "needs server",
    "needs_lexicon": "needs lexicon",
    "needs_toxicity_model": "needs checkpoint",
    "not_run": "not run",
    "failed": "failed",
    "not_in_grid": "not in grid",
}
OFFLINE = "†"
DOUBT = "?"
NOTES = (
    "Bold: best of its model and bit-width. `-`: the official script fails on the output, as in "
    "the paper. Ours / paper (ours minus paper) where the paper prints the cell.",
    f"{OFFLINE} an offline rule, not the paper's judge or server: not comparable with the paper.",
    f"{DOUBT} the paper's number looks like a slip (workflow/resources/paper/suspicious.csv).",
)


def mark(status: str) -> str:
    """The readable mark of a state."""
    return MARKS.get(status, status.replace("_", " "))


def number(cell: Cell, digits: int) -> str:
    """Our value, or why there is none; a value the official script refuses is a dash."""
    if cell.status == "official_script_failed" or cell.value is None:
        return mark(cell.status)
    return f"{cell.value:.{digits}f}" + (OFFLINE if cell.offline else "")


def beside(cell: Cell, digits: int) -> str:
    """The paper's part of a cell: `/ 57.81 (-0.40)`; empty where the paper has none."""
    if cell.printed is None:
        return ""
    doubt = DOUBT if cell.suspicious else ""
    shown = round(cell.difference, digits) + 0.0 if cell.difference is not None else None
    difference = "" if shown is None else f" ({shown:+.{digits}f})"
    return f" / {cell.printed}{doubt}{difference}"


def digits(table: Table) -> list[int]:
    """Decimals of each column."""
    return [resources.metrics(b)[m].digits for b, m in table.spec.columns]


def titles(table: Table) -> list[str]:
    """Headers of the number columns, with the direction where it is not up."""
    arrows = {"up": "", "down": " ↓"}
    out = []
    for benchmark, name in table.spec.columns:
        metric = resources.metrics(benchmark)[name]
        arrow = (
            arrows[metric.better] if isinstance(metric.better, str) else f" (~{metric.better:g})"
        )
        out.append(metric.title + arrow)
    return out


def notes(table: Table) -> list[str]:
    """The notes that this table needs."""
    cells = [cell for row in table.rows for cell in row.cells]
    need = [True, any(c.offline for c in cells), any(c.suspicious for c in cells)]
    return [note for note, wanted in zip(NOTES, need, strict=True) if wanted]
