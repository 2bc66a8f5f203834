"""Stage: score a generation."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from lvlm_compress import registry
from lvlm_compress.artifacts import commit, file_sha256, read_json, read_lines, write_json
from lvlm_compress.benchmarks.types import Score, ScoreInputs
from lvlm_compress.provenance import Stopwatch
from lvlm_compress.stages.job import Job, each, log, run_stage

PACKAGES = ("polars", "numpy")
LEXICON_FILE = "stereotype_words.json"


def make(job: Job) -> None:
    """Score one generation; the JSON is written last and names its companions' sha256."""
    from lvlm_compress.stages.score_core import answers_frame, score_rows, shown_rows

    watch = Stopwatch()
    header, rows = read_lines(job.inputs["generation"])
    scorer = registry.load(registry.benchmark_module(job.run["benchmark"], "score"))
    data = Path(job.run["data"])
    with tempfile.TemporaryDirectory() as folder:
        score = score_rows(rows, scorer, data, _inputs(job, Path(folder)))
    frames = {"rows": shown_rows(score, answers_frame(rows)), "terms": score.terms}
    sums = {}
    for name, frame in frames.items():
        path = job.path.with_name(f"{job.digest}.{name}.parquet")
        commit(path, frame.write_parquet)
        sums[name] = file_sha256(path)
    body = _body(job, score) | {"companions": sums, "generation": _summary(header)}
    skipped = header["facts"]["skipped"]
    body["counts"] = score.counts | ({"skipped_pictures": len(skipped)} if skipped else {})
    write_json(job.path, job.header(watch, PACKAGES), body)
    log.info("%s: %s, %d examples", job.name, score.status, score.n)


def _inputs(job: Job, folder: Path) -> ScoreInputs:
    """What the scorer is given; toxicities and lexicon are unpacked from their artifacts."""
    toxicities = lexicons = None
    if "toxicities" in job.inputs:
        toxicities = folder / "toxicities.jsonl"
        _, _, lines = job.inputs["toxicities"].read_text(encoding="utf-8").partition("\n")
        toxicities.write_text(lines, encoding="utf-8")
    if "lexicon" in job.inputs:
        lexicons = folder
        _, body = read_json(job.inputs["lexicon"])
        (folder / LEXICON_FILE).write_text(json.dumps(body), encoding="utf-8")
    elif "lexicon" in job.run:
        lexicons = folder
        (folder / LEXICON_FILE).write_bytes(Path(job.run["lexicon"]).read_bytes())
    grades = Path(job.run["grades"]) if "grades" in job.run else None
    if grades is None and "verdicts" in job.inputs:
        grades = folder / "grades.json"
        grades.write_text(json.dumps(read_json(job.inputs["verdicts"])[1]), encoding="utf-8")
    return ScoreInputs(
        restrict=True,
        grades=grades,
        toxicities=toxicities,
        lexicons=lexicons,
        options=job.spec["scoring"],
    )


def _body(job: Job, score: Score) -> dict[str, Any]:
    return {
        "benchmark": job.run["benchmark"],
        "status": score.status,
        "n": score.n,
        "n_missing": score.n_missing,
        "official_script_ok": score.official_script_ok,
        "failure_reason": score.failure_reason,
        "metrics": score.metrics,
        "reasons": score.reasons,
        "counts": score.counts,
    }


def _summary(header: dict[str, Any]) -> dict[str, Any]:
    """The generation's measured facts, so that the report needs no generation."""
    keys = ("digest", "facts", "wall_seconds", "peak_memory_bytes", "host", "device", "versions")
    return {key: header[key] for key in keys if key in header}


if __name__ == "__main__":
    run_stage("stages.score", ("score",), lambda jobs: each(jobs, make))
