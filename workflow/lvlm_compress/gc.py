"""Find, and on request delete, artifacts that no grid reaches any more.

    python -m lvlm_compress.gc [--grid G]... [--older-than 30d] [--delete] [--force]

Live is what config.yaml and every grid in workflow/grids (or the given ones) reach with everything
selected. Verdicts, grades and identities are never touched, and other users' files only by --force.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from lvlm_compress.cells import FOLDERS
from lvlm_compress.errors import UserError, exit_with
from lvlm_compress.identity import Folder
from lvlm_compress.plan import make_plan
from lvlm_compress.settings import GRIDS, ROOT, read_yaml, resolve

DIGEST = re.compile(r"[0-9a-f]{16}")
UNITS = {"h": 3600, "d": 86400, "w": 7 * 86400}
EVERYTHING = [f"select.{kind}=[]" for kind in ("models", "compressions", "benchmarks", "seeds")]


def live_digests(grids: Iterable[str]) -> set[str]:
    """Digests of every cell of some grids.

    Raises:
        UserError: a grid that can't be planned here; what it reaches is then unknown.
    """
    live: set[str] = set()
    for grid in grids:
        plan = make_plan(resolve(grid=grid, overrides=[*EVERYTHING, "missing=run"]))
        if isinstance(plan, Folder):
            raise UserError(
                f"Grid '{grid}' can't be planned: {plan.path} is not identified. Run "
                "`snakemake fetch` for it, or name the grids that count with --grid."
            )
        live |= set(plan.cells)
    return live


def digest_of(path: Path) -> str | None:
    """The digest in an artifact's name; None for anything else."""
    match = DIGEST.match(path.name)
    return match.group() if match else None


def unreachable(store: Path, live: set[str], newest: float) -> Iterator[Path]:
    """Artifacts of the store that are not live and not changed after `newest` (a time stamp)."""
    for folder in sorted(set(FOLDERS.values())):
        for path in _artifacts(store / folder):
            if digest_of(path) not in live and path.stat().st_mtime <= newest:
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
        found = list(unreachable(store, live_digests(grids), newest))
        if arguments.delete:
            print(f"deleted {remove(found, force=arguments.force)} artifacts")  # noqa: T201
        else:
            print("\n".join([*map(str, found), f"{len(found)} unreachable"]))  # noqa: T201
    except UserError as error:
        exit_with(error)


if __name__ == "__main__":
    main()
