"""Stage: copy a report part to its stable names in the clone's own `results/`.

The marker `results/published/{digest}` says what is published; markers of anything else go, so that
a return to earlier settings copies again.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from lvlm_compress.artifacts import write_text
from lvlm_compress.stages.job import Job, each, log, run_stage

PARTS = ("tables", "figures", "page")


def publish(job: Job, results: Path) -> list[Path]:
    """Copy the files of a part, and of the parts it was made from, and set the marker."""
    copied = []
    for source, name in _files(job):
        target = results / name
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        shutil.copyfile(source, part)
        part.replace(target)
        copied.append(target)
    markers = results / "published"
    markers.mkdir(parents=True, exist_ok=True)
    for marker in markers.iterdir():
        if marker.name != job.digest:
            marker.unlink()
    listing = "".join(f"{path.relative_to(results)}\n" for path in copied)
    write_text(markers / job.digest, listing)
    return copied


def _files(job: Job) -> Iterator[tuple[Path, str]]:
    folders = {role: path.parent for role, path in job.inputs.items()} | {job.kind: job.path.parent}
    # The numbers that tables and figures were drawn from go with them.
    yield folders["statistics"] / "metrics.csv", "tables/metrics.csv"
    for part in PARTS:
        if part in folders:
            stable = "" if part == "page" else f"{part}/"
            for file in sorted(folders[part].iterdir()):
                if file.is_file() and file.name != "manifest.json":
                    yield file, stable + file.name


def make(job: Job) -> None:
    """Publish a report part into the clone that the plan belongs to."""
    copied = publish(job, Path(job.runtime["published"]))
    log.info("published %d files in %s", len(copied), job.runtime["published"])


if __name__ == "__main__":
    run_stage("stages.publish", PARTS, lambda jobs: each(jobs, make), always=True)
