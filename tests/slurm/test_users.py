"""Two users with a clone each work on one store."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from pwd import getpwnam

import pytest

from tests.slurm.runs import GROUP, Run, generations, leftovers, site_clone

pytestmark = pytest.mark.slow

ACCOUNTS = ("nobody", "daemon")
GRID = """
engine: fast
models:
  m: {family: llava, path: model, dtype: float32}
calibration: {text: text.jsonl}
compressions: [fp16]
benchmarks:
  pope: {data: {embedded: {items: 2}}, max_new_tokens: 2}
"""


def users() -> tuple[int, int]:
    """Two accounts without rights; root twice where only root reaches this interpreter."""
    first, second = (getpwnam(name).pw_uid for name in ACCOUNTS)
    try:
        subprocess.run([sys.executable, "-c", ""], user=first, group=GROUP, check=True)
    except PermissionError:
        return 0, 0
    return first, second


def play(cluster, model, folder) -> tuple[Path, list[Run]]:
    """The queue is one job wide: what the second user's job should make is there by its turn."""
    home = cluster.folder / "home"
    home.mkdir()
    store = home / "store"
    store.mkdir()
    os.chown(store, 0, GROUP)
    store.chmod(0o2775)
    runs = []
    for number, user in enumerate(users()):
        clone = site_clone(home / str(number), model, GRID, slurm_partition="narrow")
        clone.edit("config.yaml", "results_dir: results", f"results_dir: {store}")
        for path in [clone.root, *clone.root.rglob("*")]:
            os.chown(path, user, GROUP, follow_symlinks=False)
        runs.append(Run(cluster, clone, "scores", user=user))
    return store, [run.succeed() for run in runs]


def test_both_see_every_score(played):
    store, runs = played
    assert len(list(store.glob("scores/*/*/*/*/*.json"))) == 1
    assert [len(run.jobs()) for run in runs] == [1, 1]


def test_the_jobs_are_each_users_own(played):
    _, runs = played
    owners = [job["UserId"].partition("(")[2].rstrip(")") for run in runs for job in run.jobs()]
    assert owners == [str(user) for user in users()]


def test_what_one_has_finished_the_other_leaves_alone(played):
    store, runs = played
    ((header, _),) = generations(store).values()
    created = datetime.fromisoformat(header["created"]).astimezone().replace(tzinfo=None)
    first = min(datetime.fromisoformat(job["EndTime"]) for run in runs for job in run.jobs())
    assert created <= first
    assert leftovers(store) == []
