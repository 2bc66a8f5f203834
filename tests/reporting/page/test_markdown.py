"""The page reads the tables that the tables part wrote."""

from __future__ import annotations

from pathlib import Path

from lvlm_compress.reporting.page.markdown import parse
from lvlm_compress.reporting.statistics.run import metrics
from lvlm_compress.reporting.tables import table3
from lvlm_compress.reporting.tables.build import build
from lvlm_compress.reporting.tables.write import to_markdown
from tests.reporting.artifacts import write_cell


def test_a_written_table_comes_back(tmp_path: Path) -> None:
    cells = [
        write_cell(tmp_path, scores=[1.0, 0.0], kv=kv, model="a|b_c")
        for kv in ("kv4-t128", "kv4-cN")
    ]
    table = parse(to_markdown(build(table3.SPEC, metrics(cells, 50))))
    assert table.caption.startswith("Table 3. Comparison")
    assert table.heads[:4] == ["Model", "Bits", "KV quantization", "MM-Vet"]
    assert [row[0][0] for row in table.rows] == ["a|b_c", "a|b_c"]
    assert table.rows[0][5] == ("50.00", True)
    assert table.notes[0].startswith("Bold: best")
