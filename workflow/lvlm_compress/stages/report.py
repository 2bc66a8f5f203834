"""Stage: statistics, tables, figures or the page of a report."""

from __future__ import annotations

from pathlib import Path

from lvlm_compress.artifacts import commit_folder
from lvlm_compress.provenance import Stopwatch
from lvlm_compress.reporting.cells import from_rows
from lvlm_compress.stages.job import Job, each, run_stage

PACKAGES = ("polars", "numpy", "scipy", "matplotlib", "jinja2")
PARTS = ("statistics", "tables", "figures", "page")


def make(job: Job) -> None:
    """Write a part's folder, whole or not at all."""
    watch = Stopwatch()
    commit_folder(
        job.path.parent,
        lambda folder: write(job, folder),
        lambda: job.header(watch, PACKAGES),
    )


def write(job: Job, folder: Path) -> None:
    """Fill a part's folder from the parts before it."""
    from lvlm_compress.report import PARTS as WRITERS

    cells = from_rows(job.report["cells"], job.path)
    made = {role: path.parent for role, path in job.inputs.items() if role in PARTS}
    WRITERS[job.kind](cells=cells, out=folder, options=job.report, **made)


if __name__ == "__main__":
    run_stage("stages.report", PARTS, lambda jobs: each(jobs, make))
