"""Stage: rate the toxicity of a generation's texts, each distinct text once over all cells."""

from __future__ import annotations

from pathlib import Path

from lvlm_compress.artifacts import read_lines, write_lines
from lvlm_compress.provenance import Stopwatch
from lvlm_compress.stages.job import Job, each, run_stage

PACKAGES = ("detoxify", "torch", "transformers")


def make(job: Job) -> None:
    """Write a cell's toxicities."""
    from lvlm_compress.toxicity.cell import toxicities_for

    watch = Stopwatch()
    _, rows = read_lines(job.inputs["generation"])
    store = Path(job.runtime["store"]) / "toxicities" / "store"
    rated = toxicities_for(rows, Path(job.run["checkpoint"]), store)
    write_lines(job.path, job.header(watch, PACKAGES), rated)


if __name__ == "__main__":
    run_stage("stages.toxicity", ("toxicities",), lambda jobs: each(jobs, make))
