"""Stage: ask a judge about a generation's answers; nothing paid for is asked twice."""

from __future__ import annotations

from pathlib import Path

from lvlm_compress.artifacts import read_lines, write_json
from lvlm_compress.judging.spec import JudgeSpec
from lvlm_compress.provenance import Stopwatch
from lvlm_compress.stages.job import Job, each, run_stage

PACKAGES = ("openai", "polars")


def make(job: Job) -> None:
    """Write a cell's grades."""
    from lvlm_compress.judging.cell import judge_cell

    watch = Stopwatch()
    _, rows = read_lines(job.inputs["generation"])
    options = dict(job.run["judge"])
    prompts = options.pop("prompts")
    judge = JudgeSpec(**options, prompts=None if prompts is None else Path(prompts))
    store = Path(job.runtime["store"]) / "verdicts" / "store"
    grades = judge_cell(job.run["benchmark"], rows, Path(job.run["data"]), judge, store)
    write_json(job.path, job.header(watch, PACKAGES), grades)


if __name__ == "__main__":
    run_stage("stages.judge", ("verdicts",), lambda jobs: each(jobs, make))
