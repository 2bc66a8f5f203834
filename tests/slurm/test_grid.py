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


def play(cluster, model, folder) -> Run:
    return Run(cluster, site_clone(folder, model, GRID)).succeed()


def test_everything_is_published(played):
    results = played.clone.root / "results"
    assert len(generations(results)) == 4
    assert (results / "tables" / "metrics.csv").read_text().count("socialcounterfactuals") > 4
    assert "<html" in (results / "report.html").read_text()[:500]


def test_small_stages_wait_in_no_queue(played):
    """One job for the weight store, one a generation with its toxicities, and no others."""
    names = [job["Comment"].partition("_wildcards")[0] for job in played.jobs()]
    cells = ["rule_cell_generate"] * 2 + ["rule_cell_generate_rate_toxicity"] * 2
    assert sorted(names) == ["rule_calibrate_weights", *cells]


def test_a_model_for_the_cpu_asks_for_no_gpu(played):
    assert all(job["JobState"] == "COMPLETED" for job in played.jobs())
    assert not any("gpu" in str(job) for job in played.jobs())
