"""What all stages share: which cells to make, from which plan, and one failure a cell.

A stage is called as `python -m lvlm_compress.<stage> CELL... [--plan FILE | --grid G --set K=V]`.
CELL is a digest or a cell's name. A plan file is what the workflow wrote; without one the stage
plans for itself, from config.yaml.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lvlm_compress.address import recompute
from lvlm_compress.errors import UserError, exit_with
from lvlm_compress.provenance import Stopwatch, provenance
from lvlm_compress.sharing import follow_permissions

log = logging.getLogger("lvlm_compress")


@dataclass(frozen=True)
class Job:
    """One artifact to make; the fields are those of `Cell.described`, and what all jobs share.

    runtime: how this machine runs stages, and where the store and the clone's results are.
    report: the report's options and cells.
    """

    kind: str
    name: str
    labels: Mapping[str, str]
    digest: str
    path: Path
    spec: Mapping[str, Any]
    run: Mapping[str, Any]
    inputs: Mapping[str, Path]
    runtime: Mapping[str, Any]
    report: Mapping[str, Any]

    def header(
        self, watch: Stopwatch, packages: tuple[str, ...], device: str = "cpu"
    ) -> dict[str, Any]:
        """The artifact's account of itself."""
        return {
            "kind": self.kind,
            "name": self.name,
            "labels": dict(self.labels),
            "digest": self.digest,
            "spec": self.spec,
            **provenance(packages, device),
            **watch.facts(),
        }


def run_stage(
    stage: str,
    kinds: tuple[str, ...],
    make: Callable[[list[Job]], int],
    *,
    always: bool = False,
) -> None:
    """Parse the command line, hand the jobs that are still missing to `make`, exit with its count.

    Args:
        stage: the module's name, for `--help`.
        kinds: the kinds of cell it makes; a cell of another kind is an error.
        make: makes the artifacts and returns how many cells failed.
        always: hand over finished cells as well.
    """
    parser = argparse.ArgumentParser(prog=f"python -m lvlm_compress.{stage}", description=__doc__)
    parser.add_argument("cells", nargs="+", metavar="CELL", help="a cell's digest or name")
    parser.add_argument("--plan", type=Path, help="plan file that the workflow wrote")
    parser.add_argument("--grid", help="a grid's name or file instead of config.yaml's")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO, stream=sys.stderr)
    try:
        jobs = find_jobs(arguments, kinds)
        follow_permissions(Path(jobs[0].runtime["store"]))
        failed = make([job for job in jobs if always or not job.path.exists()])
    except UserError as error:
        exit_with(error)
    if failed:
        raise SystemExit(f"error: {failed} of {len(jobs)} cells failed; see above.")


def each(jobs: Sequence[Job], act: Callable[[Job], None]) -> int:
    """Make every cell; one that fails for a reason the user can mend leaves the others alone.

    Returns how many failed.
    """
    failed = 0
    for number, job in enumerate(jobs, start=1):
        log.info("%s %d of %d: %s", job.kind, number, len(jobs), job.name or job.digest)
        try:
            act(job)
        except UserError as error:
            log.error("%s: %s", job.name, error)
            failed += 1
    return failed


def find_jobs(arguments: argparse.Namespace, kinds: tuple[str, ...]) -> list[Job]:
    """The jobs that a command line names.

    Raises:
        UserError: an unknown cell, one of another kind, or a plan made by other code.
    """
    if arguments.plan is not None:
        jobs = _from_plan_file(arguments.plan, arguments.cells)
    else:
        jobs = _planned_jobs(arguments)
    for job in jobs:
        if job.kind not in kinds:
            raise UserError(f"Cell {job.digest} is of kind {job.kind}, not {' or '.join(kinds)}.")
        if recompute(job.kind, job.spec) != job.digest:
            raise UserError(f"Cell {job.digest} does not have the digest of its specification.")
    return jobs


def _from_plan_file(file: Path, names: Sequence[str]) -> list[Job]:
    if not file.is_file():
        raise UserError(f"There is no plan file {file}; start snakemake again.")
    with file.open(encoding="utf-8") as lines:
        shared = json.loads(next(lines))
        # A line begins with `["` and the digest; the plan of a large grid has 40 MB.
        found = {line[2:18]: line for line in lines if line[2:18] in names}
    for name in names:
        if name not in found:
            raise UserError(f"The plan has no cell {name}; it was made for another config or grid.")
    return [_job(json.loads(found[name])[1], shared) for name in names]


def _planned_jobs(arguments: argparse.Namespace) -> list[Job]:
    from lvlm_compress.plan import planned

    plan = planned(arguments)
    cells = [plan.find(name) for name in arguments.cells]
    return [_job(cell.described(plan.settings.place), plan.shared()) for cell in cells]


def _job(described: Mapping[str, Any], shared: Mapping[str, Any]) -> Job:
    return Job(
        kind=described["kind"],
        name=described["name"],
        labels=described["labels"],
        digest=described["digest"],
        path=Path(described["path"]),
        spec=described["spec"],
        run=described["run"],
        inputs={role: Path(path) for role, path in described["inputs"].items()},
        runtime=shared["runtime"],
        report=shared["report"],
    )
