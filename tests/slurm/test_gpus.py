"""GPU types and counts reach Slurm, and a stage sees the GPUs it was given and no others."""

from __future__ import annotations

from itertools import combinations

import pytest

from tests.slurm.runs import Run, site_clone, witnesses

pytestmark = pytest.mark.slow

GRID = """
engine: fast
models:
  one: {family: llava, path: model, dtype: float32, resources: {gpus: 1}}
  two: {family: llava, path: model, dtype: float32, attention: eager, resources: {gpus: 2}}
calibration: {text: text.jsonl}
compressions: [fp16]
benchmarks:
  pope: {data: {embedded: {items: 2}}, max_new_tokens: 2}
  socialcounterfactuals:
    data: {embedded: {items: 2}}
    seeds: [0]
    max_new_tokens: 2
    toxicity: workflow/resources/toxicity/tiny-detoxify
"""


def play(cluster, model, folder) -> tuple[Run, Run]:
    large = site_clone(folder / "a100", model, GRID, slurm_partition="gpu", gpu_type="a100")
    small = site_clone(folder / "t4", model, GRID, slurm_partition="gpu", gpu_type="t4")
    small.edit("config.yaml", "models: []", "models: [one]")
    small.edit("config.yaml", "benchmarks: []", "benchmarks: [pope]")
    runs = Run(cluster, large, "scores"), Run(cluster, small, "scores")
    return runs[0].succeed(), runs[1].succeed()


def test_types_and_counts_are_routed(played):
    asked = [sorted((job["TresPerJob"], job["NodeList"]) for job in run.jobs()) for run in played]
    assert asked[0] == [("gres:gpu:a100:1", "n1")] * 2 + [("gres:gpu:a100:2", "n1")] * 2
    assert asked[1] == [("gres:gpu:t4:1", "n2")]


def test_a_stage_sees_its_gpus(played):
    seen = [[found["CUDA_VISIBLE_DEVICES"] for found in witnesses(run.clone)] for run in played]
    assert sorted(seen[0], key=len)[2:] == ["0,1"] * 2
    assert set(sorted(seen[0], key=len)[:2]) <= {"0", "1"}
    assert seen[1] == ["0"]


def test_no_gpu_serves_two_jobs_at_once(played):
    jobs = played[0].jobs()
    for first, second in combinations(jobs, 2):
        apart = first["EndTime"] <= second["StartTime"] or second["EndTime"] <= first["StartTime"]
        ours = [job["TresPerJob"].rpartition(":")[2] for job in (first, second)]
        assert apart or ours == ["1", "1"]
