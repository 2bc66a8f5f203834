"""A cell that fails takes nothing with it; once its data are mended, it alone runs."""

from __future__ import annotations

import pytest

from tests.slurm.runs import Run, generations, site_clone

pytestmark = pytest.mark.slow

GRID = """
engine: fast
models:
  m: {family: llava, path: model, dtype: float32}
calibration: {text: text.jsonl}
compressions: [fp16]
benchmarks:
  pope: {data: {embedded: {items: 2}}, max_new_tokens: 2}
  gqa: {data: {embedded: {items: 2}}, max_new_tokens: 2}
"""


def play(cluster, model, folder) -> tuple[Run, list[str], str, Run]:
    """Both runs; between them the scores that there are, and the unreadable picture's name."""
    clone = site_clone(folder, model, GRID)
    Run(cluster, clone, "fetch").succeed()
    picture = next(clone.root.glob("results/data/gqa/*/data/images/*"))
    whole = picture.read_bytes()
    picture.write_bytes(whole[:200])
    failing = Run(cluster, clone, "scores", "--retries", "0")
    assert failing.end() != 0
    scores = [file.parts[-3] for file in clone.root.glob("results/scores/*/*/*/*/*.json")]
    picture.write_bytes(whole)
    return failing, scores, picture.name, Run(cluster, clone, "scores").succeed()


def test_its_siblings_are_generated_and_scored(played):
    failing, scores, _, _ = played
    assert scores == ["pope"]
    assert sorted(job["JobState"] for job in failing.jobs()) == ["COMPLETED", "FAILED"]


def test_the_run_says_what_is_wrong(played):
    failing, _, picture, _ = played
    assert picture in failing.output


def test_the_mended_cell_runs_alone(played):
    *_, mended = played
    (job,) = mended.jobs()
    assert "gqa" in job["Comment"] or "gqa" in mended.output
    assert len(generations(mended.clone.root / "results")) == 2
