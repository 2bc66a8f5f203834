"""Stage: find the words a model associates with social groups."""

from __future__ import annotations

from pathlib import Path

from lvlm_compress.artifacts import read_lines, write_json
from lvlm_compress.provenance import Stopwatch
from lvlm_compress.stages.job import Job, each, run_stage

PACKAGES = ("polars", "numpy")


def make(job: Job) -> None:
    """Write a model's lexicon."""
    from lvlm_compress.lexicon.cell import build_lexicon

    watch = Stopwatch()
    _, rows = read_lines(job.inputs["generation"])
    words = build_lexicon(rows, Path(job.run["data"]), job.run["method"])
    write_json(job.path, job.header(watch, PACKAGES), words)


if __name__ == "__main__":
    run_stage("stages.lexicon", ("lexicon",), lambda jobs: each(jobs, make))
