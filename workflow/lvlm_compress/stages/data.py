"""Stage: build an embedded benchmark's data set."""

from __future__ import annotations

from lvlm_compress.artifacts import commit_folder
from lvlm_compress.provenance import Stopwatch
from lvlm_compress.stages.job import Job, each, run_stage

PACKAGES = ("numpy",)


def make(job: Job) -> None:
    """Write the data set's folder, whole or not at all."""
    from lvlm_compress.embedded.data import build

    watch = Stopwatch()
    options = {key: value for key, value in job.run.items() if key != "benchmark"}
    commit_folder(
        job.path.parent,
        lambda folder: build(job.run["benchmark"], folder, **options),
        lambda: job.header(watch, PACKAGES),
    )


if __name__ == "__main__":
    run_stage("stages.data", ("data",), lambda jobs: each(jobs, make))
