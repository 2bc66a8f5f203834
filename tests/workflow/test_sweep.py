"""Many cells in one job: the same artifacts; each cell has its line in a dry run, its failure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lvlm_compress.artifacts import read_lines
from tests.workflow.clone import Clone
from tests.workflow.live import make_live_clone, published

GRID = """
engine: reference
models:
  random: {family: llava, path: model, dtype: float32}
calibration: {text: text.jsonl}
compressions:
  fp16:
  kv2-t128:
  kv2-t128-late: {kv: kv2-t128, order: after}
  kv4-uniform-late: {kv: kv4-uniform, order: after}
benchmarks:
  pope: {data: {embedded: {items: 4}}, max_new_tokens: 4}
  pairs: {data: {embedded: {items: 2}}, seeds: [0, 1], max_new_tokens: 4}
"""
SEPARATE = ("--cores", "2", "--config", "grid=mine.yaml")
SWEPT = (*SEPARATE, "runtime={cells_per_job: 20}")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def separate(tmp_path_factory) -> Clone:
    clone = make_live_clone(tmp_path_factory.mktemp("separate"))
    (clone.root / "mine.yaml").write_text(GRID)
    run = clone.snakemake(*SEPARATE)
    assert run.returncode == 0, run.stdout + run.stderr
    return clone


def swept_clone(folder: Path, like: Clone) -> Clone:
    clone = make_live_clone(folder, like)
    (clone.root / "mine.yaml").write_text(GRID)
    fetched = clone.snakemake(*SEPARATE, "--", "fetch")
    assert fetched.returncode == 0, fetched.stdout + fetched.stderr
    return clone


def generations(clone: Clone) -> dict[str, list[dict]]:
    folder = clone.root / "results" / "generations"
    return {file.stem: read_lines(file)[1] for file in folder.rglob("*.jsonl")}


def test_a_sweep_makes_what_separate_jobs_make(separate, tmp_path):
    clone = swept_clone(tmp_path, separate)
    planned = clone.planned(*SWEPT)
    assert (planned["sweep"], planned["collect"], planned["score"]) == (1, 12, 12)
    run = clone.snakemake(*SWEPT)
    assert run.returncode == 0, run.stdout + run.stderr
    assert generations(clone) == generations(separate)
    assert published(clone) == published(separate)
    together = [
        read_lines(file)[0]["facts"]["cells_together"]
        for file in (clone.root / "results" / "generations").rglob("*.jsonl")
    ]
    # pope: fp16 and both late schemes; pairs: those with two seeds each; kv2-t128: pope, its seeds.
    assert sorted(together) == [1, 2, 2, 3, 3, 3, 6, 6, 6, 6, 6, 6]
    again = clone.snakemake(*SWEPT)
    assert "Nothing to be done" in again.stdout + again.stderr
    plain = clone.snakemake(*SEPARATE)
    assert "Nothing to be done" in plain.stdout + plain.stderr


def test_a_failing_cell_fails_alone_and_a_changed_grid_sweeps_what_is_missing(separate, tmp_path):
    """D of the model is 128: a group of 96 fits no token; its siblings are scored all the same."""
    clone = swept_clone(tmp_path, separate)
    clone.edit("mine.yaml", "  kv2-t128:\n", "  kv2-t128:\n  kv2-t96:\n")
    run = clone.snakemake(*SWEPT)
    said = run.stdout + run.stderr
    assert run.returncode != 0
    assert re.search(r"error: .*96", said), said
    assert len(generations(clone)) == 12
    assert len(list((clone.root / "results" / "scores").rglob("*.rows.parquet"))) == 12
    planned = clone.planned(*SWEPT)
    assert (planned["sweep"], planned["collect"], planned["score"]) == (1, 3, 3)
    clone.edit("mine.yaml", "  kv2-t96:\n", "  kv4-t128:\n")
    planned = clone.planned(*SWEPT)
    assert (planned["sweep"], planned["collect"], planned["score"]) == (1, 3, 3)
    run = clone.snakemake(*SWEPT)
    assert run.returncode == 0, run.stdout + run.stderr
    assert set(generations(separate)) < set(generations(clone))


def test_a_scored_cell_is_not_swept_again(separate, tmp_path):
    """Its answers deleted, another scorer's rule changed: only what the new scores need runs."""
    clone = swept_clone(tmp_path, separate)
    assert clone.snakemake(*SWEPT).returncode == 0
    for file in (clone.root / "results" / "generations").rglob("pope/**/*.jsonl"):
        file.unlink()
    clone.edit("mine.yaml", "seeds: [0, 1]", "seeds: [0, 1, 2]")
    planned = clone.planned(*SWEPT)
    assert (planned["sweep"], planned["collect"], planned["score"]) == (1, 4, 4)
