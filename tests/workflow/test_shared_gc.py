"""`gc` on a store that several clones and users share: nobody loses what he reaches."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.workflow.clone import Clone
from tests.workflow.shared import NOBODY, age, clone_on, give, mark

CELLS = 3  # the cells of the one compression in which the two clones differ


@pytest.fixture
def store(tmp_path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


@pytest.fixture
def mine(tmp_path, store) -> Clone:
    clone = clone_on(store, tmp_path / "mine")
    clone.touch()
    return clone


@pytest.fixture
def theirs(tmp_path, store) -> Clone:
    """A colleague's clone with another grid: of its cells mine reaches only those of fp16."""
    clone = clone_on(store, tmp_path / "theirs")
    clone.edit("mine.yaml", "stream_gap: 20", "stream_gap: 5")
    clone.touch()
    return clone


def listed(clone: Clone, *options: str) -> tuple[list[str], str]:
    run = clone.run("lvlm_compress.gc", *options)
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    return [line for line in lines if "/generations/" in line], run.stderr


def test_what_another_clone_reaches_stays_however_old_and_whoever_owns_it(mine, theirs, store):
    mark(theirs)
    age(store, 400)
    found, told = listed(mine, "--older-than", "0h")
    assert found == []
    assert str(theirs.root) in told


def test_a_selection_in_the_other_clone_does_not_narrow_what_stays(mine, theirs, store):
    mark(theirs, "select.compressions=[fp16]")
    age(store, 400)
    assert listed(mine)[0] == []


def test_what_the_other_clone_has_left_behind_is_found(mine, theirs, store):
    mark(theirs)
    theirs.edit("mine.yaml", "stream_gap: 5", "stream_gap: 7")
    mark(theirs)
    age(store, 31)
    assert len(listed(mine)[0]) == CELLS


def test_a_shared_stores_young_artifacts_stay_though_nobody_has_told_of_them(mine, theirs, store):
    """A colleague whose code leaves no mark, or who has only copied his results there."""
    age(store, 29)
    assert listed(mine)[0] == []
    age(store, 31)
    assert len(listed(mine)[0]) == CELLS
    assert listed(mine, "--older-than", "60d")[0] == []


def test_a_grid_that_was_run_by_its_name_stays_live(mine, theirs, store):
    """Not config.yaml's and not a shipped one: only the run's mark tells of it."""
    (mine.root / "other.yaml").write_text((theirs.root / "mine.yaml").read_text())
    mark(mine, "grid=other.yaml")
    age(store, 31)
    assert listed(mine)[0] == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_another_users_artifacts_are_neither_listed_nor_deleted(mine, theirs, store):
    for folder in store.glob("generations/m/low/*/*"):
        give(folder, NOBODY)
    age(store, 31)
    before = sorted(store.glob("generations/m/low/*/*/*"))
    found, told = listed(mine)
    assert found == []
    assert f"{CELLS} more belong to other users" in told
    deleted = mine.run("lvlm_compress.gc", "--delete")
    assert deleted.returncode == 0
    assert sorted(store.glob("generations/m/low/*/*/*")) == before
    assert len(listed(mine, "--force")[0]) == CELLS


def test_nothing_that_either_clone_reaches_is_lost(mine, theirs, store):
    mark(mine)
    mark(theirs)
    age(store, 400)
    before = {path for path in store.rglob("*") if path.is_file()}
    for clone in (mine, theirs):
        assert clone.run("lvlm_compress.gc", "--delete").returncode == 0
    assert {path for path in store.rglob("*") if path.is_file()} == before
