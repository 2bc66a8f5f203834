"""The metrics table of a small grid: columns, missing cells, seeds, aggregates, contradictions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from lvlm_compress.errors import UserError
from lvlm_compress.reporting.statistics.run import metrics, run
from tests.reporting.artifacts import accuracy_terms, write_cell

TIDY = [
    "model", "compression", "benchmark", "metric", "value", "ci_low", "ci_high", "delta_fp16",
    "p_value", "flips", "n", "n_missing", "status", "digest",
]  # fmt: skip
RIGHT, HALF = [1.0] * 40, [1.0, 0.0] * 20


def _only(frame: pl.DataFrame, **wanted: str) -> dict[str, Any]:
    return frame.row(
        by_predicate=pl.all_horizontal(pl.col(k) == v for k, v in wanted.items()), named=True
    )


def test_the_tidy_columns_come_first(tmp_path: Path) -> None:
    frame = metrics([write_cell(tmp_path, scores=HALF)], 100)
    assert frame.columns[:14] == TIDY


def test_change_from_fp16_with_interval_flips_and_p(tmp_path: Path) -> None:
    cells = [
        write_cell(tmp_path, scores=RIGHT),
        write_cell(tmp_path, scores=HALF, kv="kv2-uniform"),
    ]
    row = _only(metrics(cells, 300), compression="kv2-uniform")
    assert row["delta_fp16"] == -50
    assert row["delta_low"] < -50 < row["delta_high"] < 0
    assert (row["flips"], row["right_to_wrong"], row["wrong_to_right"]) == (20, 20, 0)
    assert row["p_value"] < 0.001
    assert row["p_holm"] == row["p_value"]


def test_a_cell_at_the_end_of_the_scale_has_the_exact_interval(tmp_path: Path) -> None:
    row = _only(metrics([write_cell(tmp_path, scores=RIGHT)], 100), metric="accuracy")
    assert row["ci_low"] == pytest.approx(100 * 0.025 ** (1 / 40), abs=1e-4)
    assert row["ci_high"] == 100


def test_a_missing_cell_is_shown_and_not_dropped(tmp_path: Path) -> None:
    cells = [write_cell(tmp_path, scores=RIGHT), write_cell(tmp_path, scores=None, kv="kv2-t128")]
    row = _only(metrics(cells, 100), compression="kv2-t128")
    assert row["status"] == "not_run"
    assert row["metric"] == "accuracy"
    assert row["value"] is None


def test_seeds_become_one_row_with_their_spread(tmp_path: Path) -> None:
    cells = [
        write_cell(tmp_path, scores=scores, benchmark="pairs", metric="valid_rate", seed=seed)
        for seed, scores in enumerate((RIGHT, HALF, HALF))
    ]
    row = _only(metrics(cells, 100), metric="valid_rate")
    assert row["value"] == pytest.approx(200 / 3)
    assert row["seed_spread"] == pytest.approx(28.867513)
    assert (row["seeds"], row["seeds_planned"], row["n"], row["clusters"]) == (3, 3, 120, 40)
    assert len(row["digest"].split("+")) == 3


def test_an_aggregate_from_a_server_has_no_interval(tmp_path: Path) -> None:
    empty = accuracy_terms([], [], "accuracy")
    body = {"metrics": {"accuracy": 78.5}}
    other = {"metrics": {"accuracy": 76.5}}
    cells = [
        write_cell(tmp_path, scores=RIGHT, body=body, terms=empty),
        write_cell(tmp_path, scores=RIGHT, body=other, terms=empty, kv="kv2-t128"),
    ]
    row = _only(metrics(cells, 100), compression="kv2-t128")
    assert (row["value"], row["delta_fp16"]) == (76.5, -2.0)
    assert row["ci_low"] is None
    assert row["p_value"] is None


def test_reasons_of_empty_metrics_are_kept(tmp_path: Path) -> None:
    body = {
        "status": "needs_llm_judge",
        "metrics": {"total": None, "offline_total": 50.0},
        "reasons": {"total": "needs_llm_judge"},
    }
    terms = accuracy_terms(HALF, [f"c{n}" for n in range(40)], "offline_total")
    cell = write_cell(tmp_path, scores=HALF, body=body, terms=terms, benchmark="mmvet")
    frame = metrics([cell], 100)
    assert _only(frame, metric="total")["status"] == "needs_llm_judge"
    offline = _only(frame, metric="offline_total")
    assert (offline["status"], offline["headline"]) == ("ok", True)


def test_a_tolerant_value_keeps_the_state_of_the_official_script(tmp_path: Path) -> None:
    body = {"status": "official_script_failed", "official_script_ok": False}
    row = _only(metrics([write_cell(tmp_path, scores=HALF, body=body)], 100), metric="accuracy")
    assert (row["value"], row["status"]) == (50.0, "official_script_failed")


def test_a_scorer_that_contradicts_itself_is_an_error(tmp_path: Path) -> None:
    cell = write_cell(tmp_path, scores=HALF, body={"metrics": {"accuracy": 51.0}})
    with pytest.raises(UserError, match="contradicts itself"):
        metrics([cell], 100)


def test_a_grid_without_fp16_has_values_and_no_changes(tmp_path: Path) -> None:
    row = _only(metrics([write_cell(tmp_path, scores=HALF, kv="kv2-t128")], 100), metric="accuracy")
    assert row["value"] == 50
    assert row["delta_fp16"] is None
    assert row["flips"] is None


def test_outputs_are_the_same_bytes_every_time(tmp_path: Path) -> None:
    cells = [
        write_cell(tmp_path, scores=RIGHT),
        write_cell(tmp_path, scores=HALF, kv="kv2-uniform"),
    ]
    for name in ("one", "two"):
        run(cells, tmp_path / name, 200)
    for file in ("metrics.csv", "metrics.parquet"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_effective_bits_come_from_the_share_of_the_uncompressed_cache(tmp_path: Path) -> None:
    base = {"generation": {"facts": {"kv_nominal_bits": 32, "kv_share_of_unquantized": 1.0}}}
    small = {"generation": {"facts": {"kv_nominal_bits": 2, "kv_share_of_unquantized": 0.07}}}
    cells = [
        write_cell(tmp_path, scores=RIGHT, body=base),
        write_cell(tmp_path, scores=HALF, body=small, kv="kv2-t128"),
    ]
    row = _only(metrics(cells, 100), compression="kv2-t128")
    assert row["kv_effective_bits"] == pytest.approx(2.24)
