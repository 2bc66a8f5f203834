"""What jobs ask for on clusters of 24, 48 and 80 GB cards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lvlm_compress.cluster.need import Need, together
from lvlm_compress.cluster.needs import Needs, card
from lvlm_compress.cluster.site import Site
from lvlm_compress.cost.assumptions import assumptions
from lvlm_compress.cost.geometry import Geometry
from lvlm_compress.plan import Plan, make_plan
from lvlm_compress.settings import resolve
from tests.workflow.clone import make_clone

SEVEN = Geometry(7_060_000_000, 6_480_000_000, 32, 4096, 11008, 32064, 4096)
THIRTEEN = Geometry(13_350_000_000, 12_690_000_000, 40, 5120, 13824, 32064, 5120)
TINY = Geometry(2_000_000, 1_500_000, 4, 128, 256, 500, 128)
GRID = """
models:
  m: {family: llava, path: model}
calibration: {text: text.jsonl}
compressions:
  fp16:
  packed: {weights: w4-rtn, weight_storage: packed}
benchmarks:
  pope: {data: pope}
  pairs: {data: pairs, seeds: [0, 1]}
"""


@pytest.fixture
def plan(tmp_path) -> Plan:
    return planned(tmp_path, GRID)


def planned(folder, grid: str) -> Plan:
    clone = make_clone(folder)
    (folder / "mine.yaml").write_text(grid)
    found = make_plan(resolve(clone.root, {"grid": "mine.yaml"}))
    assert isinstance(found, Plan)
    return found


def need(plan: Plan, sizes: Geometry | None, gigabytes: int, name: str = "m/fp16/pope/greedy"):
    needs = Needs(plan.settings, plan.grid, Site(gpu_memory_gb=gigabytes))
    needs.sizes["m"] = sizes
    return needs.of(next(cell for cell in plan.cells.values() if cell.name == name))


@pytest.mark.parametrize(
    ("sizes", "counts"), [(SEVEN, {24: 1, 48: 1, 80: 1}), (THIRTEEN, {24: 2, 48: 1, 80: 1})]
)
def test_gpus_by_model_size(plan, sizes, counts):
    assert {size: need(plan, sizes, size).gpus for size in counts} == counts


def test_packed_weights_need_fewer_gpus_and_less_memory(plan):
    whole = need(plan, THIRTEEN, 24)
    packed = need(plan, THIRTEEN, 24, "m/packed/pope/greedy")
    assert (whole.gpus, packed.gpus) == (2, 1)
    assert packed.memory_mb < whole.memory_mb / 2


def test_host_memory_holds_the_checkpoint_while_it_is_read(plan):
    assert 20_000 < need(plan, SEVEN, 24).memory_mb < 40_000
    assert 35_000 < need(plan, THIRTEEN, 24).memory_mb < 60_000


def test_minutes_follow_the_benchmark_and_the_card(plan):
    pope, pairs = (need(plan, SEVEN, 24, f"m/fp16/{name}") for name in ("pope/greedy", "pairs/0"))
    assert pairs.minutes < pope.minutes < 24 * 60
    assert need(plan, SEVEN, 80).minutes < pope.minutes


def test_a_calibration_needs_room_for_all_its_blocks(plan):
    weights = need(plan, SEVEN, 24, "m/w4-rtn")
    assert weights.gpus >= need(plan, SEVEN, 24).gpus
    assert 15 < weights.minutes < 12 * 60


def test_a_tiny_model_runs_on_the_cpu(plan):
    found = need(plan, TINY, 24)
    assert found.gpus == 0
    assert 1000 < found.memory_mb < 3000


def test_a_model_that_is_kept_off_the_gpus_asks_for_none(tmp_path):
    plan = planned(tmp_path, GRID.replace("path: model", "path: model, device_map: cpu"))
    found = need(plan, SEVEN, 24)
    assert found.gpus == 0
    assert found.memory_mb > 2 * 14_000


def test_without_a_checkpoint_a_small_job(plan):
    assert need(plan, None, 24) == Need(gpus=0, memory_mb=2000, minutes=30)


def test_the_grids_word_wins_key_by_key(tmp_path):
    plan = planned(tmp_path, GRID.replace("path: model", "path: model, resources: {gpus: 3}"))
    found = need(plan, SEVEN, 24)
    assert found.gpus == 3
    assert found.memory_mb > 20_000


def test_toxicities_need_no_gpu_whatever_the_model_needs(tmp_path):
    grid = GRID.replace("path: model", "path: model, resources: {gpus: 3}")
    grid += "  socialcounterfactuals: {data: pope, seeds: [0], toxicity: model}\n"
    plan = planned(tmp_path, grid)
    (cell, *_) = plan.of_kind("toxicities")
    assert Needs(plan.settings, plan.grid, Site()).of(cell).gpus == 0


def test_a_lexicons_answers_in_a_grid_without_the_baseline(tmp_path):
    grid = GRID.replace("  fp16:\n", "")
    grid += "  socialcounterfactuals: {data: pope, seeds: [0], lexicon: {}}\n"
    plan = planned(tmp_path, grid)
    assert need(plan, SEVEN, 24, "m/fp16/socialcounterfactuals/0").gpus == 1


def test_a_repeated_job_gets_more():
    first = Need(gpus=1, memory_mb=1000, minutes=60)
    assert [first.memory_at(attempt) for attempt in (1, 2, 3)] == [1000, 1500, 2000]
    assert [first.minutes_at(attempt) for attempt in (1, 2, 3)] == [60, 120, 180]
    assert [first.minutes_at(attempt, longest=100) for attempt in (1, 2, 3)] == [60, 100, 100]


def test_cells_in_one_job_add_their_minutes_only():
    first = Need(gpus=1, memory_mb=1000, minutes=60)
    second = replace(first, gpus=2, memory_mb=500)
    assert together([first, second]) == Need(gpus=2, memory_mb=1000, minutes=120)


@pytest.mark.parametrize(("size", "memory"), [(16, 24), (24, 24), (40, 24), (48, 48), (141, 80)])
def test_the_rates_are_those_of_a_card_that_is_not_larger(size, memory):
    assert card(assumptions(), size).memory_gb == memory
