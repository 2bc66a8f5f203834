"""The paper's numbers: all of them, under our names, with the doubtful ones marked."""

from __future__ import annotations

import polars as pl

from lvlm_compress.reporting import paper, resources


def test_every_printed_cell_is_there() -> None:
    """results.README.md: 1044 rows, 81 of them the paper's dash."""
    rows = paper.results()
    assert rows.height == 1044
    assert rows["value"].null_count() == 81
    per_table = dict(rows["table"].value_counts().sort("table").rows())
    assert per_table == {3: 216, 4: 60, 5: 35, 6: 20, 8: 392, 9: 177, 10: 144}


def test_scheme_ids_are_ours() -> None:
    kvs = set(paper.results()["kv"])
    assert {"fp16", "kv2-or2", "kv4-cN", "kv2-kc128-vt128", "kv8-uniform"} <= kvs
    assert set(paper.results()["weights"]) == {"fp16", "w3-awq", "w4-awq", "w8-awq"}


def test_every_row_of_the_list_of_doubts_marks_a_printed_cell() -> None:
    doubts = pl.read_csv(resources.PAPER / "suspicious.csv", infer_schema=False)
    marked = paper.results().filter(pl.col("suspicious").is_not_null())
    assert set(doubts["reason"]) == set(marked["suspicious"])


def test_copied_pope_cells_are_marked_in_both_tables() -> None:
    wanted = (
        (pl.col("model") == "LLaVA-1.6-13B")
        & (pl.col("kv") == "kv2-uniform")
        & (pl.col("benchmark") == "pope")
    )
    found = paper.results().filter(wanted)
    assert set(found["table"]) == {3, 8}
    assert found["suspicious"].null_count() == 0


def test_collapsed_pope_that_fits_is_not_marked() -> None:
    wanted = (pl.col("kv") == "kv2-uniform") & (pl.col("model") == "LLaVA-1.6-7B")
    assert paper.results().filter(wanted)["suspicious"].null_count() == 7
