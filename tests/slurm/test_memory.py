"""A job that is killed for its memory comes again with more."""

from __future__ import annotations

import pytest

from tests.slurm.runs import Run, generations, site_clone

pytestmark = pytest.mark.slow

GRID = """
engine: fast
models:
  m: {family: llava, path: model, dtype: float32, resources: {memory_mb: 500}}
calibration: {text: text.jsonl}
compressions: [fp16]
benchmarks:
  pope: {data: {embedded: {items: 2}}, max_new_tokens: 2}
"""


def play(cluster, model, folder) -> Run:
    return Run(cluster, site_clone(folder, model, GRID), "generations").succeed()


def test_it_fails_first_and_then_succeeds(played):
    states = [job["JobState"] for job in played.jobs()]
    assert states[0] in ("OUT_OF_MEMORY", "FAILED", "CANCELLED")
    assert states[-1] == "COMPLETED"
    assert len(generations(played.clone.root / "results")) == 1


def test_every_attempt_asks_for_more(played):
    asked = [int(job["MinMemoryNode"].removesuffix("M")) for job in played.jobs()]
    assert asked == [500, 750, 1000][: len(asked)]
    assert len(asked) > 1
