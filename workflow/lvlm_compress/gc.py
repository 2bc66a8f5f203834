"""Find, and on request delete, artifacts that nobody reaches any more.

    python -m lvlm_compress.gc [--grid G]... [--older-than 30d] [--delete] [--force]

Live is what config.yaml, every grid in workflow/grids and every grid that this clone has run (or
the given ones) reach with everything selected, and what other clones on the same store said that
theirs reach when they ran last; where a grid can't be planned here, everything of its models and
benchmarks is spared. Other users' files need --force. A store outside of the clone is taken for
shared: there artifacts younger than 30 days stay unless --older-than says otherwise. Journals and
unfinished files stay for a day, verdicts, grades and identities for ever.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lvlm_compress.cells import FOLDERS
from lvlm_compress.errors import UserError, exit_with
from lvlm_compress.reach import Mark, Reach, marks, others
from lvlm_compress.settings import GRIDS, Settings, resolve

DIGEST = re.compile(r"\.?([0-9a-f]{16})(?![0-9a-f])")
# A journal, or a file that is being written: `{digest}.{host}.{pid}.jsonl`, `.{name}.part`.
AT_WORK = re.compile(r"[0-9a-f]{16}\..+\.[0-9]+(-[0-9]+)?\.jsonl|\..*\.part")
DAY = 86400.0
NEVER = FOLDERS["verdicts"]
SHARED_AGE = "30d"
UNITS = {"h": DAY / 24, "d": DAY, "w": 7 * DAY}


def digest_of(path: Path) -> str | None:
    """The digest in an artifact's name; None for anything else."""
    match = DIGEST.match(path.name)
    return match.group(1) if match else None


def unreachable(place: Path, reached: Reach, newest: float) -> Iterator[Path]:
    """Artifacts that are not reached and not changed after `newest` (a time stamp)."""
    working = min(newest, time.time() - DAY)
    for folder in sorted(set(FOLDERS.values()) - {NEVER}):
        for path, digest in _artifacts(place / folder):
            limit = working if AT_WORK.fullmatch(path.name) else newest
            if not reached.keeps(path, digest, place) and path.stat().st_mtime <= limit:
                yield path


def _artifacts(folder: Path) -> Iterator[tuple[Path, str]]:
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            digest = digest_of(path)
            if digest is not None:
                yield path, digest
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
            path.unlink(missing_ok=True)
    return len(paths)


def seconds(text: str) -> float:
    """`30d`, `12h` or `2w` in seconds."""
    number, unit = text[:-1], text[-1:]
    if not number.isdigit() or unit not in UNITS:
        raise UserError(f"--older-than {text}: write a number and h, d or w, e.g. 30d.")
    return int(number) * UNITS[unit]


def reach(grids: Iterable[str]) -> Reach:
    """What grids reach; one that is no valid grid is a UserError, so that nothing is deleted."""
    found = Reach()
    for grid in grids:
        found.add(resolve(grid=grid))
    return found


def known_grids(settings: Settings, ran: Iterable[Mark]) -> list[str]:
    """config.yaml's grid, the shipped ones, and those this clone has run and still has."""
    shipped = {file.stem for file in GRIDS.glob("*.yaml")}
    own_files = {mark.grid for mark in ran if (settings.root / mark.grid).is_file()}
    return sorted({str(settings.config["grid"]), *shipped, *own_files})


@dataclass(frozen=True)
class Found:
    """Unreachable artifacts, and what there is to say about those that stay."""

    paths: list[Path]
    notes: list[str]


def search(settings: Settings, grids: list[str] | None, age: str | None, *, force: bool) -> Found:
    """What may be deleted in the store and among the clone's reports."""
    theirs = others(marks(settings.store), settings.root)
    ran = [mark for mark in marks(settings.store) if mark not in theirs]
    reached = reach(grids or known_grids(settings, ran))
    notes = [f"can't be planned here, its names are spared: {note}" for note in reached.notes]
    shared = not settings.store.is_relative_to(settings.root)
    paths: list[Path] = []
    for place in dict.fromkeys((settings.store, settings.published)):
        default = SHARED_AGE if shared and place == settings.store else "0h"
        found = set(unreachable(place, reached, time.time() - seconds(age or default)))
        # Read again: a run that began during the search counts.
        for mark in others(marks(settings.store), settings.root):
            kept = {path for path in found if mark.reach.keeps(path, str(digest_of(path)), place)}
            found -= kept
            notes += [f"{len(kept)} artifacts are {mark}"] if kept else []
        paths += sorted(found)
    mine = [path for path in paths if path.stat().st_uid == os.getuid()]
    if not force and len(mine) < len(paths):
        notes.append(f"{len(paths) - len(mine)} more belong to other users; --force takes them too")
    return Found(paths if force else mine, notes)


def main() -> None:
    """List what is unreachable, or delete it."""
    parser = argparse.ArgumentParser(
        prog="python -m lvlm_compress.gc",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--grid", action="append", help="of this clone only these grids are live")
    parser.add_argument("--older-than", metavar="AGE", help="spare younger artifacts, e.g. 30d")
    parser.add_argument("--delete", action="store_true", help="delete instead of listing")
    parser.add_argument("--force", action="store_true", help="other users' artifacts too")
    arguments = parser.parse_args()
    try:
        settings = resolve()
        found = search(settings, arguments.grid, arguments.older_than, force=arguments.force)
        for note in found.notes:
            print(note, file=sys.stderr)  # noqa: T201
        if arguments.delete:
            print(f"deleted {remove(found.paths, force=arguments.force)} artifacts")  # noqa: T201
        else:
            shown = [*map(str, found.paths), f"{len(found.paths)} unreachable"]
            print("\n".join(shown))  # noqa: T201
    except UserError as error:
        exit_with(error)


if __name__ == "__main__":
    main()
