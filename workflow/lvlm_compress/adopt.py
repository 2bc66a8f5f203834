"""Print the lines that let results stand after a refactor that changes no number.

    python -m lvlm_compress.adopt [REVISION] >> workflow/adopted.yaml

Compares the code of this clone with a revision of git (HEAD). For every cell whose code differs and
whose artifact is there, a line says that the new fingerprint stands for the old one. That the
numbers are the same is yours to know: run the tests before.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from lvlm_compress.errors import UserError, exit_with
from lvlm_compress.fingerprint import Sources
from lvlm_compress.identity import Folder
from lvlm_compress.plan import Plan, adopted_fingerprints, make_plan, plan_arguments, planned
from lvlm_compress.settings import ROOT, Settings


def adoptions(old: Plan, new: Plan) -> dict[str, str]:
    """Fingerprints of the new plan's cells, with those that stand in the old plan's artifacts."""
    before = {(cell.kind, cell.name): cell for cell in old.cells.values()}
    found = {}
    for cell in new.cells.values():
        earlier = before[cell.kind, cell.name]
        code, stands = cell.parts["code"].value, earlier.parts["code"].value
        if code != stands and old.exists(earlier):
            found[code] = stands
    return found


def plan_at(revision: str, settings: Settings) -> Plan:
    """The plan as the code of a git revision makes it.

    Raises:
        UserError: git does not know the revision, or it lacks a module that the plan starts from.
    """
    with tempfile.TemporaryDirectory() as folder:
        checkout(revision, Path(folder))
        sources = Sources(Path(folder) / "workflow", adopted_fingerprints())
        try:
            plan = make_plan(settings, sources)
        except LookupError as error:
            raise UserError(
                f"{error} At {revision} it was called something else: such cells run again."
            ) from error
        if isinstance(plan, Folder):
            raise UserError(f"{plan.path} is not identified yet; run `snakemake fetch` once.")
        _ = plan.cells  # made while the sources are there
    return plan


def checkout(revision: str, folder: Path) -> None:
    """Put the package's files of a revision into a folder."""
    command = ["git", "archive", "--format=tar", revision, "workflow/lvlm_compress"]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if made.returncode:
        raise UserError(f"git has no code at {revision}: {made.stderr.decode().strip()}.")
    with tarfile.open(fileobj=io.BytesIO(made.stdout)) as archive:
        archive.extractall(folder, filter="data")


def lines(found: dict[str, str], revision: str) -> Iterator[str]:
    """The lines of adopted.yaml; quoted, as a fingerprint may look like a number."""
    if found:
        yield f"# no number changes since {revision}"
    yield from (f'"{new}": "{old}"' for new, old in sorted(found.items()))


def main() -> None:
    """Print what to add to adopted.yaml."""
    parser = argparse.ArgumentParser(
        prog="python -m lvlm_compress.adopt",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("revision", nargs="?", default="HEAD", help="whose results stand")
    plan_arguments(parser)
    given = parser.parse_args()
    try:
        new = planned(given)
        found = adoptions(plan_at(given.revision, new.settings), new)
    except UserError as error:
        exit_with(error)
    for line in lines(found, given.revision):
        print(line)  # noqa: T201 - the command's output
    if not found:
        print("nothing to adopt", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()
