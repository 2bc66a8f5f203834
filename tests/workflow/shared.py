"""Two clones on one store, and another user to run as."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.workflow.clone import Clone, make_clone

NOBODY = 65534
MARK = """
import sys
from lvlm_compress.plan import make_plan
from lvlm_compress.reach import leave_mark
from lvlm_compress.settings import resolve
leave_mark(make_plan(resolve(grid="mine.yaml", overrides=sys.argv[1:])))
"""


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that other users can enter; pytest's own are closed to them."""
    folder = Path(tempfile.mkdtemp(prefix="shared-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def clone_on(store: Path, folder: Path) -> Clone:
    """A clone whose config names a shared store and the fake grid."""
    folder.mkdir()
    clone = make_clone(folder)
    use_store(clone, store)
    return clone


def use_store(clone: Clone, store: Path) -> None:
    """Let a clone's config name a store and `mine.yaml`."""
    clone.edit("config.yaml", "results_dir: results ", f"results_dir: {store} ")
    clone.edit("config.yaml", "grid: embedded ", "grid: mine.yaml ")


def mark(clone: Clone, *overrides: str) -> None:
    """What the start of a run leaves in the store."""
    command = [sys.executable, "-c", MARK, *overrides]
    subprocess.run(command, cwd=clone.root, env=clone.environment, check=True)


def give(folder: Path, user: int) -> None:
    """Make a user the owner of a folder and all in it."""
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, user, -1)


def age(folder: Path, days: float) -> None:
    """Make all files and folders below look old."""
    then = time.time() - days * 86400
    for path in folder.rglob("*"):
        os.utime(path, (then, then))
