"""A filled-in table as CSV, Markdown and LaTeX."""

from __future__ import annotations

import csv
import io
import re

from lvlm_compress.reporting import schemes
from lvlm_compress.reporting.tables import text
from lvlm_compress.reporting.tables.spec import Cell, Row, Table

_LEAD = ["model", "compression", "weights", "kv", "weight_bits", "k_bits", "v_bits"]
_PARTS = ["", "_status", "_offline", "_paper", "_difference", "_suspicious"]
_TEX = {c: f"\\{c}" for c in "&%$#_{}"} | {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_TEX |= {"\\": r"\textbackslash{}", "↓": r"$\downarrow$", "†": r"$^\dagger$"}
EMPTY = "No cell of this grid belongs to this table."


def to_csv(table: Table) -> str:
    """One line a row, full precision, every column with its state and the paper's number."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [f"{b}_{m}{part}" for b, m in table.spec.columns for part in _PARTS]
    writer.writerow(_LEAD + names)
    for row in table.rows:
        bits = (row.compression.weight_bits, row.compression.k_bits, row.compression.v_bits)
        lead = [row.model, row.label or "", row.weights, row.kv, *bits]
        writer.writerow(lead + [value for cell in row.cells for value in _csv_cell(cell)])
    return out.getvalue()


def _csv_cell(cell: Cell) -> list[object]:
    value = "" if cell.value is None else cell.value
    difference = "" if cell.difference is None else round(cell.difference, 6)
    status = [cell.status, "yes" if cell.offline else ""]
    return [value, *status, cell.printed or "", difference, cell.suspicious or ""]


def to_markdown(table: Table) -> str:
    """A Markdown table with its caption and notes."""
    spec = table.spec
    heads = ["Model", "Bits", "KV quantization", *text.titles(table)]
    lines = [f"**Table {spec.number}.** {spec.caption}", ""]
    lines += ["| " + " | ".join(heads) + " |", "|" + "---|" * 3 + "---:|" * len(spec.columns)]
    for row in table.rows:
        cells = [_md_cell(c, d) for c, d in zip(row.cells, text.digits(table), strict=True)]
        lead = [row.model, schemes.bits_label(row.compression), _name(row)]
        lines.append("| " + " | ".join([*map(_md_escape, lead), *cells]) + " |")
    if not table.rows:
        lines.append(f"| {EMPTY} |" + " |" * (len(heads) - 1))
    return "\n".join([*lines, "", *(f"{note}  " for note in text.notes(table)), ""])


def _md_cell(cell: Cell, digits: int) -> str:
    ours = text.number(cell, digits)
    return (f"**{ours}**" if cell.best else ours) + text.beside(cell, digits)


def _md_escape(value: str) -> str:
    return re.sub(r"([|*_<>`\\])", r"\\\1", value)


def _name(row: Row) -> str:
    """The paper's name of the scheme, and the grid's label where it says more."""
    name = schemes.scheme_label(row.compression)
    canonical = "+".join(part for part in (row.weights, row.kv) if part != "fp16") or "fp16"
    return name if row.label in (None, canonical) else f"{name} [{row.label}]"


def to_tex(table: Table) -> str:
    """A LaTeX table for `booktabs`."""
    spec = table.spec
    heads = ["Model", "Bits", "KV quantization", *text.titles(table)]
    lines = [r"\begin{table*}", r"\centering\small", rf"\caption{{{tex(spec.caption)}}}"]
    lines += [
        rf"\label{{tab:{spec.number}}}",
        rf"\begin{{tabular}}{{lll{'r' * len(spec.columns)}}}",
    ]
    lines += [r"\toprule", " & ".join(map(tex, heads)) + r" \\", r"\midrule"]
    before: Row | None = None
    for row in table.rows:
        if before is not None and before.group != row.group:
            lines.append(r"\midrule" if before.model != row.model else r"\addlinespace")
        lines.append(
            _tex_row(
                row, text.digits(table), show_model=before is None or before.model != row.model
            )
        )
        before = row
    if before is None:
        lines.append(rf"\multicolumn{{{len(heads)}}}{{l}}{{{EMPTY}}} \\")
    lines += [r"\bottomrule", r"\end{tabular}"]
    lines += [rf"\par\smallskip\footnotesize {tex(note)}" for note in text.notes(table)]
    return "\n".join([*lines, r"\end{table*}", ""])


def _tex_row(row: Row, digits: list[int], *, show_model: bool) -> str:
    plain = schemes.scheme_label(row.compression)
    kv = schemes.family_label(row.compression.family)
    name = tex(plain.removesuffix(kv)) + schemes.family_tex(row.compression.family)
    if not plain.endswith(kv):
        name = tex(plain)
    if _name(row) != plain:
        name += tex(f" [{row.label}]")
    cells = []
    for cell, places in zip(row.cells, digits, strict=True):
        ours = tex(text.number(cell, places))
        cells.append(
            (rf"\textbf{{{ours}}}" if cell.best else ours) + tex(text.beside(cell, places))
        )
    lead = [tex(row.model) if show_model else "", tex(schemes.bits_label(row.compression)), name]
    return " & ".join([*lead, *cells]) + r" \\"


def tex(value: str) -> str:
    """Text with LaTeX's special characters escaped."""
    return "".join(_TEX.get(character, character) for character in value)
