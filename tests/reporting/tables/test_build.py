"""Tables: the paper's number beside ours, best of a bit-width, states that differ from the dash."""

from __future__ import annotations

from pathlib import Path

from lvlm_compress.reporting.cells import ReportCell
from lvlm_compress.reporting.statistics.run import metrics
from lvlm_compress.reporting.tables import table3, table4, table5, table6, table8, table9
from lvlm_compress.reporting.tables.build import build
from lvlm_compress.reporting.tables.spec import Cell, Row, Table, TableSpec
from lvlm_compress.reporting.tables.text import number
from lvlm_compress.reporting.tables.write import to_csv, to_markdown, to_tex
from tests.reporting.artifacts import accuracy_terms, write_cell

KV = ("fp16", "kv4-uniform", "kv4-t128", "kv2-t128")


def _gqa(folder: Path, spec: TableSpec = table3.SPEC, **options: str | None) -> Table:
    scores = {
        kv: [1.0] * right + [0.0] * (50 - right)
        for kv, right in zip(KV, (40, 1, 39, 20), strict=True)
    }
    cells = [write_cell(folder, scores=s, kv=kv, **options) for kv, s in scores.items()]  # type: ignore[arg-type]
    return build(spec, metrics(cells, 50))


def _cell(table: Table, kv: str, benchmark: str = "gqa") -> Cell:
    column = [b for b, _ in table.spec.columns].index(benchmark)
    return next(row for row in table.rows if row.kv == kv).cells[column]


def test_the_best_of_each_bit_width_is_bold_and_a_lone_row_is_not(tmp_path: Path) -> None:
    table = _gqa(tmp_path)
    assert [_cell(table, kv).best for kv in KV] == [False, False, True, False]


def test_a_paper_model_shows_the_papers_value_and_the_difference(tmp_path: Path) -> None:
    table = _gqa(tmp_path, paper_model="LLaVA-1.5-7B")
    cell = _cell(table, "kv4-t128")
    assert cell.printed == "61.71"
    assert round(cell.difference or 0, 2) == 16.29
    assert "**78.00** / 61.71 (+16.29)" in to_markdown(table)


def test_rows_that_only_the_paper_has_are_shown_as_missing(tmp_path: Path) -> None:
    cell = _cell(_gqa(tmp_path, paper_model="LLaVA-1.5-7B"), "kv2-kc128-vt128")
    assert (number(cell, 2), cell.printed) == ("not in grid", "59.06")


def test_a_model_unknown_to_the_paper_has_rows_and_one_of_another_table_has_not(
    tmp_path: Path,
) -> None:
    assert _gqa(tmp_path, model="tiny-llava").rows
    assert not _gqa(tmp_path, paper_model="LLaVA-1.5-13B").rows
    assert _gqa(tmp_path, table8.SPEC, paper_model="LLaVA-1.5-13B").rows
    assert not _gqa(tmp_path, table5.SPEC, paper_model="LLaVA-1.5-7B").rows


def test_each_table_takes_its_own_compressions(tmp_path: Path) -> None:
    compressions = [
        ("fp16", "fp16"),
        ("fp16", "kv4-t128"),
        ("w4-awq", "kv4-t128"),
        ("w4-awq", "fp16"),
    ]
    compressions.append(("fp16", "k3v2-t128"))
    cells = [write_cell(tmp_path, scores=[1.0, 0.0], weights=w, kv=k) for w, k in compressions]
    frame = metrics(cells, 50)

    def kinds(spec: TableSpec) -> list[tuple[str, str]]:
        return [(row.weights, row.kv) for row in build(spec, frame).rows]

    assert kinds(table3.SPEC) == [("fp16", "fp16"), ("fp16", "kv4-t128")]
    assert kinds(table4.SPEC) == [("fp16", "fp16"), ("w4-awq", "fp16"), ("w4-awq", "kv4-t128")]
    assert kinds(table6.SPEC) == [("w4-awq", "kv4-t128")]


def _state(folder: Path, body: dict[str, object], benchmark: str, metric: str) -> Cell:
    terms = accuracy_terms([1.0], ["c"], metric)
    cell = write_cell(folder, scores=[1.0], body=body, benchmark=benchmark, terms=terms)
    spec = table9.SPEC if metric == "offline_pct_diff" else table3.SPEC
    return _cell(build(spec, metrics([cell], 50)), "fp16", benchmark)


def test_only_a_failed_official_script_is_a_dash(tmp_path: Path) -> None:
    """spec/benchmarks.md section 13."""
    failed = {"status": "official_script_failed", "official_script_ok": False}
    dash = _state(tmp_path, failed, "gqa", "accuracy")
    assert (number(dash, 2), dash.value) == ("-", 100.0)
    for status, text in (
        ("needs_llm_judge", "needs judge"),
        ("needs_server_submission", "needs server"),
    ):
        body = {"status": status, "metrics": {"total": None}, "reasons": {"total": status}}
        assert number(_state(tmp_path / status, body | {}, "mmvet", "total"), 1) == text


def test_an_offline_value_is_marked_and_not_compared_with_the_paper(tmp_path: Path) -> None:
    body = {
        "status": "needs_llm_judge",
        "metrics": {"total": None, "offline_total": 100.0},
        "reasons": {"total": "needs_llm_judge"},
    }
    terms = accuracy_terms([1.0], ["c"], "offline_total")
    options = {"benchmark": "mmvet", "paper_model": "LLaVA-1.5-7B"}
    cell = write_cell(tmp_path, scores=[1.0], body=body, terms=terms, **options)  # type: ignore[arg-type]
    found = _cell(build(table3.SPEC, metrics([cell], 50)), "fp16", "mmvet")
    assert number(found, 1) == "100.0†"
    assert (found.printed, found.difference) == ("31.3", None)


def test_a_missing_cell_is_missing_in_every_column_of_its_benchmark(tmp_path: Path) -> None:
    cell: ReportCell = write_cell(tmp_path, scores=None, benchmark="hallusionbench")
    table = build(table9.SPEC, metrics([cell], 50))
    assert [number(c, 2) for c in table.rows[0].cells] == ["not run"] * 5


def test_fp_ratio_is_best_where_it_is_nearest_to_a_half(tmp_path: Path) -> None:
    cells = []
    for kv, value in (("kv4-t128", 0.4), ("kv4-uniform", 0.9)):
        terms = accuracy_terms([value], ["c"], "fp_ratio").with_columns(scale=1.0)  # type: ignore[arg-type]
        body = {"metrics": {"fp_ratio": value}}
        options = {"kv": kv, "benchmark": "hallusionbench", "terms": terms, "body": body}
        cells.append(write_cell(tmp_path, scores=[1.0], **options))  # type: ignore[arg-type]
    rows: tuple[Row, ...] = build(table9.SPEC, metrics(cells, 50)).rows
    assert {row.kv: row.cells[1].best for row in rows} == {"kv4-t128": True, "kv4-uniform": False}


def test_names_are_escaped_in_markdown_and_latex(tmp_path: Path) -> None:
    table = _gqa(tmp_path, model="my_model|x&y")
    assert "my\\_model\\|x&y" in to_markdown(table)
    assert r"my\_model|x\&y" in to_tex(table)


def test_csv_has_full_precision_and_states(tmp_path: Path) -> None:
    lines = to_csv(_gqa(tmp_path, paper_model="LLaVA-1.5-7B")).splitlines()
    heads, row = lines[0].split(","), lines[2].split(",")
    found = dict(zip(heads, row, strict=False))
    assert found["gqa_accuracy"] == "2.0"
    assert found["gqa_accuracy_paper"] == "0.01"
    assert found["mmvet_total_status"] == "not_in_grid"


def test_a_table_without_rows_says_so() -> None:
    empty = Table(table6.SPEC, ())
    assert "No cell of this grid" in to_markdown(empty)
    assert "No cell of this grid" in to_tex(empty)


def test_weight_methods_are_told_apart(tmp_path: Path) -> None:
    weights = ["w4-awq", "w4-rtn"]
    cells = [write_cell(tmp_path, scores=[1.0, 0.0], weights=w) for w in ["fp16", *weights]]
    cells.append(write_cell(tmp_path, scores=[1.0, 0.0], weights="w4-awq", kv="kv2-c128"))
    table = build(table4.SPEC, metrics(cells, 50))
    assert "| W4KV16 | RTN |" in to_markdown(table)
    assert "| W4KV2 | AWQ + g-C128 |" in to_markdown(table)
    assert r"AWQ + g-C$_{128}$" in to_tex(table)
    assert " & W4KV16 & AWQ & " in to_tex(table)
