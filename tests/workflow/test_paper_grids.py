"""The paper's grids plan the cells its tables print (shared/paper/results.csv), and no others."""

from __future__ import annotations

import pytest

from lvlm_compress.plan import Plan, make_plan
from lvlm_compress.settings import GRIDS, ROOT, read_yaml, resolve
from tests.workflow.clone import make_clone
from tests.workflow.fake import fake

# models x compressions x benchmarks (x seeds)
CELLS = {
    "table3": 2 * 14 * 8,
    "table4": 2 * 6 * 5,
    "table5": 1 * 7 * 5,
    "table6": 1 * 4 * 5,
    "table8": 4 * 14 * 7,
    "table9-10": 2 * 18 * 1,
    "figure2": 2 * 14 * 1 * 3,
    "figure3": 2 * 14 * 1,
    "figure4": 2 * 6 * 1,
    # fp16; 4 pairs of bits x 2 groupings; 2 widths x 2 hybrids
    "figure5": 1 + 4 * 2 + 2 * 2,
    # fp16; 4 sizes of K and 3 more of V, with and without W4
    "figure6": 1 + (4 + 3) * 2,
    # nine benchmarks with one cell each, PAIRS with three
    "paper": 5 * 29 * (9 + 3),
}
# Weight stores: models x widths.
WEIGHTS = {"table4": 2 * 2, "table6": 1 * 2, "figure4": 2 * 2, "figure6": 1, "paper": 5 * 3}
KINDS = ("table", "figure", "paper")
TABLES = {3: "table3", 4: "table4", 5: "table5", 6: "table6", 8: "table8", 9: "table9-10"}


def plan_of(root, grid: str) -> Plan:
    fake(root, grid)
    plan = make_plan(resolve(root, read_yaml(ROOT / "config.yaml"), grid))
    assert isinstance(plan, Plan)
    return plan


def test_every_shipped_grid_of_the_paper_is_counted():
    shipped = {file.stem for kind in KINDS for file in GRIDS.glob(f"{kind}*")}
    assert shipped == set(CELLS)


@pytest.mark.parametrize("grid", CELLS)
def test_cells(grid, tmp_path):
    plan = plan_of(tmp_path, grid)
    assert len(plan.scores) == CELLS[grid]
    assert len(plan.of_kind("generation")) == CELLS[grid]
    assert len(plan.of_kind("weights")) == WEIGHTS.get(grid, 0)


@pytest.mark.parametrize(("number", "grid"), TABLES.items())
def test_a_tables_cells_are_those_the_paper_prints(number, grid, tmp_path):
    import polars as pl

    from lvlm_compress.planning.reports import as_report_cells
    from lvlm_compress.reporting import paper

    plan = plan_of(tmp_path, grid)
    cells = as_report_cells(plan.settings, plan.grid, plan.scores, plan.present)
    ours = {(cell.paper_model, cell.weights, cell.kv, cell.benchmark) for cell in cells}
    rows = paper.results().filter(pl.col("table") == number)
    printed = set(rows.select("model", "weights", "kv", "benchmark").rows())
    assert printed <= ours
    # A grid is a product; the one row that Table 3 leaves out is in Tables 8 and 10.
    unprinted = {("LLaVA-1.5-7B", "fp16", "kv4-c128")} if number == 3 else set()
    assert {cell[:3] for cell in ours - printed} == unprinted


@pytest.mark.parametrize("grid", CELLS)
def test_the_original_evaluations_settings(grid):
    content = resolve(ROOT, grid=grid).grid
    assert content["engine"] == "reference"
    assert {model["dtype"] for model in content["models"].values()} == {"float16"}
    assert all(model["paper_name"] for model in content["models"].values())
    seeds = {name: entry.get("seeds") for name, entry in content["benchmarks"].items()}
    assert seeds.pop("pairs", [0, 1, 2]) == [0, 1, 2]
    assert seeds.pop("socialcounterfactuals", [0]) == [0]
    assert set(seeds.values()) <= {None}


def test_a_table_and_the_full_grid_share_their_cells(tmp_path):
    fake(tmp_path, "paper")
    full = {cell.digest for cell in plan_of(tmp_path, "paper").scores}
    assert {cell.digest for cell in plan_of(tmp_path, "table8").scores} <= full


def test_snakemake_plans_a_table(tmp_path):
    clone = make_clone(tmp_path)
    fake(tmp_path, "table4")
    planned = clone.planned("--config", "grid=table4")
    assert (planned["calibrate_weights"], planned["generate"], planned["score"]) == (4, 60, 60)
