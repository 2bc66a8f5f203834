"""Find, and on request delete, artifacts that no grid reaches any more.

    python -m lvlm_compress.gc [--grid G]... [--older-than 30d] [--delete] [--force]

Live is what config.yaml and every grid in workflow/grids (or the given ones) reach with everything
selected; where a grid can't be planned here, everything of its models and benchmarks is spared.
Verdicts, grades and identities are never touched, and other users' files only by --force.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from lvlm_compress.cells import FOLDERS
from lvlm_compress.errors import UserError, exit_with
from lvlm_compress.plan import Plan, make_plan
from lvlm_compress.settings import GRIDS, ROOT, read_yaml, resolve

DIGEST = re.compile(r"[0-9a-f]{16}(?![0-9a-f])")
NEVER = FOLDERS["verdicts"]
UNITS = {"h": 3600, "d": 86400, "w": 7 * 86400}
EVERYTHING = [f"select.{kind}=[]" for kind in ("models", "compressions", "benchmarks", "seeds")]


@dataclass
class Reach:
    """What some grids reach.

    Attributes:
        live: digests of their cells.
        spared: (model, benchmark) of grids that can't be planned here, whose cells are unknown.
        notes: why they can't.
    """

    live: set[str] = field(default_factory=set)
    spared: set[tuple[str, str]] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def keeps(self, path: Path, store: Path) -> bool:
        """Whether an artifact is live, or might be."""
        names = set(path.relative_to(store).parts)
        weights = path.relative_to(store).parts[0] == FOLDERS["weights"]
        return digest_of(path) in self.live or any(
            model in names and (weights or benchmark in names) for model, benchmark in self.spared
        )


def reach(grids: Iterable[str]) -> Reach:
    """What grids reach; one whose models or data are not here spares all that bears their names."""
    found = Reach()
    for grid in grids:
        settings = resolve(grid=grid, overrides=[*EVERYTHING, "missing=run"])
        try:
            plan = make_plan(settings)
        except UserError as error:
            plan = None
            reason = str(error)
        if isinstance(plan, Plan):
            found.live |= set(plan.cells)
            continue
        why = reason.partition(".")[0] if plan is None else f"{plan.path} is not identified yet"
        found.notes.append(f"{grid}: {why}")
        found.spared |= set(product(settings.grid["models"], settings.grid["benchmarks"]))
    return found


def digest_of(path: Path) -> str | None:
    """The digest in an artifact's name; None for anything else."""
    match = DIGEST.match(path.name)
    return match.group() if match else None


def unreachable(store: Path, reached: Reach, newest: float) -> Iterator[Path]:
    """Artifacts of the store that no grid keeps, not changed after `newest` (a time stamp)."""
    for folder in sorted(set(FOLDERS.values()) - {NEVER}):
        for path in _artifacts(store / folder):
            if not reached.keeps(path, store) and path.stat().st_mtime <= newest:
                yield path


def _artifacts(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            if digest_of(path):
                yield path
            elif path.is_dir():
                yield from _artifacts(path)


def remove(paths: Iterable[Path], *, force: bool) -> int:
    """Delete artifacts; returns how many.

    Raises:
        UserError: one belongs to another user and `force` is not given; nothing is deleted then.
    """
    paths = list(paths)
    foreign = [path for path in paths if path.stat().st_uid != os.getuid()]
    if foreign and not force:
        raise UserError(
            f"{len(foreign)} artifacts belong to other users, e.g. {foreign[0]}; ask them, or use "
            "--force. Nothing was deleted."
        )
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return len(paths)


def seconds(text: str) -> float:
    """`30d`, `12h` or `2w` in seconds."""
    number, unit = text[:-1], text[-1:]
    if not number.isdigit() or unit not in UNITS:
        raise UserError(f"--older-than {text}: write a number and h, d or w, e.g. 30d.")
    return int(number) * UNITS[unit]


def main() -> None:
    """List what is unreachable, or delete it."""
    parser = argparse.ArgumentParser(prog="python -m lvlm_compress.gc", description=__doc__)
    parser.add_argument("--grid", action="append", help="only these grids count as live")
    parser.add_argument("--older-than", default="0h", help="spare younger artifacts, e.g. 30d")
    parser.add_argument("--delete", action="store_true", help="delete instead of listing")
    parser.add_argument("--force", action="store_true", help="delete other users' artifacts too")
    arguments = parser.parse_args()
    try:
        own = str(read_yaml(ROOT / "config.yaml")["grid"])
        grids = arguments.grid or sorted({own, *(file.stem for file in GRIDS.glob("*.yaml"))})
        newest = time.time() - seconds(arguments.older_than)
        store = resolve().store
        reached = reach(grids)
        found = list(unreachable(store, reached, newest))
        if reached.notes:
            told = f"{len(reached.notes)} grids can't be planned here; their names are spared"
            print(f"{told}:\n  " + "\n  ".join(reached.notes), file=sys.stderr)  # noqa: T201
        if arguments.delete:
            print(f"deleted {remove(found, force=arguments.force)} artifacts")  # noqa: T201
        else:
            print("\n".join([*map(str, found), f"{len(found)} unreachable"]))  # noqa: T201
    except UserError as error:
        exit_with(error)


if __name__ == "__main__":
    main()
