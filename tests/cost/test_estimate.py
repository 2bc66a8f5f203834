"""Hours: arithmetic by hand, what counts as done, what is said of absent checkpoints."""

from __future__ import annotations

import shutil

import pytest
import yaml

from lvlm_compress.cost.assumptions import Assumptions, Device, Workload, assumptions
from lvlm_compress.cost.estimate import hours, memories, sizes_of
from lvlm_compress.cost.geometry import Geometry
from lvlm_compress.cost.listing import listing
from lvlm_compress.cost.seconds import calibration_seconds, question_seconds
from lvlm_compress.errors import UserError
from lvlm_compress.grid import Compression, parse_compression, parse_grid
from lvlm_compress.models.families import FAMILIES
from lvlm_compress.registry import benchmarks
from lvlm_compress.settings import ROOT, resolve

SIZES = Geometry(1000, 800, 2, 10, 30, 50, 10)
SLOW = Device(memory_gb=1, tflops=1e-9, gb_per_s=1e-6, source="made up")
ASSUMED = Assumptions({"slow": SLOW}, 0.5, 0.5, 1.0, 2.0, 10.0, {"llava": 7}, {})

GRID = {
    "models": {
        "here": {"family": "llava", "path": "here"},
        "absent": {"family": "llava", "path": "absent"},
    },
    "compressions": ["fp16", "w4-awq", "w4-awq+kv4-t128"],
    "benchmarks": {"pope": {"data": "pope", "limit": 100}, "pairs": {"data": "p", "seeds": [0, 1]}},
}


def settings(root, **config):
    (root / "g.yaml").write_text(yaml.safe_dump(GRID, sort_keys=False))
    content = yaml.safe_load((ROOT / "config.yaml").read_text()) | config
    return resolve(root, content, "g.yaml")


@pytest.fixture
def clone(checkpoint, tmp_path):
    shutil.copytree(checkpoint, tmp_path / "here")
    return tmp_path


def test_a_question_by_hand():
    """Prefill 2 x 1000 x 5 + 4 x 2 x 5^2 x 10 FLOP at 500 a second; 3 steps read 2000 bytes of
    weights and 2 x 2 x 10 x 8 x 2 of KV at 500 bytes a second; one second beside them."""
    one = question_seconds(SIZES, Compression("fp16"), "float16", 5, 3, SLOW, ASSUMED)
    expected = (10_000 + 2_000) / 500 + 3 * (2000 + 640) / 500
    assert one == pytest.approx(expected + 1)
    quantized = parse_compression("kv4-uniform")
    slower = question_seconds(SIZES, quantized, "float16", 5, 3, SLOW, ASSUMED)
    assert slower == pytest.approx(2 * expected + 1)
    assert calibration_seconds(SIZES, SLOW, ASSUMED) == pytest.approx(800 * 10 / 500)


def test_cells_are_counted_with_seeds_selection_and_what_is_done(clone):
    made = settings(clone)
    grid = parse_grid(made)
    sizes = {"here": sizes_of(made, grid.models[0])}
    device = assumptions().device("A6000")
    spent = list(hours(grid, sizes, device, assumptions()))
    keys = [(one.compression, one.benchmark) for one in spent]
    assert len(keys) == len(set(keys)) == 3 * 2 + 1
    assert ("w4-awq (calibration)", "calibration") in keys
    done = {"here/fp16/pope/greedy", "here/fp16/pairs/0", "here/w4-awq"}
    rest = {
        (o.compression, o.benchmark): o.hours
        for o in hours(grid, sizes, device, assumptions(), done)
    }
    assert len(rest) == 3 * 2 - 1
    whole = {(o.compression, o.benchmark): o.hours for o in spent}
    assert rest["fp16", "pairs"] == pytest.approx(whole["fp16", "pairs"] / 2)
    one_seed = parse_grid(settings(clone, select={"seeds": [1], "benchmarks": ["pairs"]}))
    assert {o.benchmark for o in hours(one_seed, sizes, device, assumptions())} == {
        "pairs",
        "calibration",
    }


def test_the_limit_cuts_the_workload(clone):
    from lvlm_compress.cost.estimate import workload

    pope, pairs = parse_grid(settings(clone)).benchmarks
    assert workload(pope, assumptions()).questions == 100
    assert workload(pairs, assumptions()) == Workload(520, 65, 40)


def test_the_listing_says_estimate_and_names_the_absent(clone):
    made = settings(clone)
    text = "\n".join(listing(made, parse_grid(made)))
    assert text.startswith("Estimated, not measured")
    assert "on A6000 (GA102 whitepaper" in text
    assert "simulated storage holds dequantized values" in text
    assert f"absent: no checkpoint at {clone / 'absent'}" in text
    for title in ("GPU-hours by model", "by benchmark", "by compression", "GPU-hours in all"):
        assert title in text
    with pytest.raises(UserError, match="Unknown device 'TPU'"):
        list(listing(made, parse_grid(made), "TPU"))


def test_the_memory_of_every_pair_is_listed(clone):
    made = settings(clone)
    grid = parse_grid(made)
    found = memories(grid, {"here": sizes_of(made, grid.models[0])}, assumptions())
    assert set(found) == {("here", label) for label in GRID["compressions"]}
    packed = memories(grid, {"here": sizes_of(made, grid.models[0])}, assumptions(), packed=True)
    assert packed["here", "fp16"] == found["here", "fp16"]
    both = ("here", "w4-awq+kv4-t128")
    assert packed[both].weights < found[both].weights
    assert packed[both].kv < found[both].kv


def test_the_assumptions_cover_every_family_and_benchmark():
    assert set(assumptions().image_tokens) == set(FAMILIES)
    assert set(assumptions().benchmarks) == set(benchmarks())
