"""The literal `snakemake --profile slurm`, from a clone to the report."""

from __future__ import annotations

import pytest

from tests.slurm.runs import Run, generations, site_clone

pytestmark = pytest.mark.slow

GRID = """
engine: fast
models:
  tiny: {family: llava, path: workflow/resources/models/tiny-llava, dtype: float32}
calibration: {text: workflow/resources/calibration/neutral.jsonl, samples: 8, block: 64}
compressions: [fp16, w4-rtn+kv2-t128]
benchmarks:
  pope: {data: {embedded: {items: 6}}, max_new_tokens: 4}
  socialcounterfactuals:
    data: {embedded: {items: 6}}
    seeds: [0]
    max_new_tokens: 8
    toxicity: workflow/resources/toxicity/tiny-detoxify
    lexicon: {method: pmi}
"""


def begin(cluster, model, folder) -> Run:
    return Run(cluster, site_clone(folder, model, GRID))


def test_the_embedded_grid_runs_from_a_clone_to_the_report(scenario):
    scenario.succeed()
    results = scenario.clone.root / "results"
    assert len(generations(results)) == 4
    assert (results / "tables" / "metrics.csv").read_text().count("socialcounterfactuals") > 4
    assert "<html" in (results / "report.html").read_text()[:500]


def test_small_stages_wait_in_no_queue(scenario):
    """A job for the weight store, one a generation; toxicities are rated in their cell's job."""
    scenario.succeed()
    comments = sorted(job["Comment"].split("_wildcards")[0] for job in scenario.jobs())
    assert comments == ["group_cell"] * 4 + ["rule_calibrate_weights"]


def test_a_model_for_the_cpu_asks_for_no_gpu(scenario):
    scenario.succeed()
    assert {job["TRES"].partition(",node")[0] for job in scenario.jobs()} > set()
    assert not any("TresPerJob" in job for job in scenario.jobs())
