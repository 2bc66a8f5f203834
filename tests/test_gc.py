"""Garbage collection: DESIGN.md section 3, spec/workflow.md section 2."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from lvlm_compress.errors import UserError
from lvlm_compress.gc import DAY, remove, seconds, unreachable
from lvlm_compress.reach import Reach
from tests.workflow.clone import make_clone

OLD, NEW = "0" * 16, "1" * 16


def put(store: Path, name: str) -> Path:
    file = store / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("")
    return file


def test_only_what_is_not_live_is_found(tmp_path):
    dead = put(tmp_path, f"generations/m/fp16/pope/greedy/{OLD}.jsonl")
    put(tmp_path, f"generations/m/fp16/pope/greedy/{NEW}.jsonl")
    put(tmp_path, f"generations/m/fp16/pope/greedy/{NEW}.host.12.jsonl")
    rows = put(tmp_path, f"scores/m/fp16/pope/greedy/{OLD}.rows.parquet")
    folder = put(tmp_path, f"reports/tables/{OLD}/manifest.json").parent
    found = list(unreachable(tmp_path, Reach(live={NEW}), float("inf")))
    assert set(found) == {dead, rows, folder}


def test_verdicts_identities_and_the_toxicity_store_are_never_touched(tmp_path):
    put(tmp_path, f"verdicts/m/fp16/mmvet/greedy/{OLD}.json")
    put(tmp_path, f"identities/models/m.{OLD}.json")
    put(tmp_path, f"toxicities/store/{'a' * 64}/x.jsonl")
    assert not list(unreachable(tmp_path, Reach(), float("inf")))


def test_what_a_grid_that_cannot_be_planned_may_hold_is_spared(tmp_path):
    put(tmp_path, f"generations/big/fp16/pope/greedy/{OLD}.jsonl")
    put(tmp_path, f"weights/big/w4-awq/{OLD}.safetensors")
    dead = put(tmp_path, f"generations/big/fp16/gqa/greedy/{OLD}.jsonl")
    found = list(unreachable(tmp_path, Reach(spared={("big", "pope")}), float("inf")))
    assert found == [dead]


def test_journals_and_unfinished_files_of_running_cells_are_spared_for_a_day(tmp_path):
    folder = "generations/m/fp16/pope/greedy"
    running = put(tmp_path, f"{folder}/{OLD}.node7.1234.jsonl")
    unfinished = put(tmp_path, f"{folder}/.{OLD}.jsonl.node7.1234.part")
    finished = put(tmp_path, f"{folder}/{OLD}.jsonl")
    assert list(unreachable(tmp_path, Reach(), float("inf"))) == [finished]
    for file in (running, unfinished):
        os.utime(file, (0, time.time() - 2 * DAY))
    assert set(unreachable(tmp_path, Reach(), float("inf"))) == {running, unfinished, finished}


def test_young_artifacts_are_spared(tmp_path):
    file = put(tmp_path, f"data/pope/{OLD}/manifest.json").parent
    assert not list(unreachable(tmp_path, Reach(), file.stat().st_mtime - 10))


def test_other_users_artifacts_need_force(tmp_path, monkeypatch):
    file = put(tmp_path, f"data/pope/{OLD}")
    owner = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    with pytest.raises(UserError, match="other users"):
        remove([file], force=False)
    assert file.exists()
    assert remove([file], force=True) == 1
    assert not file.exists()


@pytest.mark.parametrize(
    ("text", "expected"), [("30d", 30 * 86400), ("12h", 43200), ("2w", 1209600)]
)
def test_ages(text, expected):
    assert seconds(text) == expected


def test_an_age_without_unit_is_an_error():
    with pytest.raises(UserError, match="30d"):
        seconds("30")


def test_an_edit_leaves_its_old_cells_behind_and_the_command_lists_them(tmp_path):
    clone = make_clone(tmp_path)
    clone.touch()
    clone.edit("mine.yaml", "stream_gap: 20", "stream_gap: 5")
    clone.touch()
    listed = clone.run("lvlm_compress.gc", "--grid", "mine.yaml")
    assert listed.returncode == 0, listed.stderr
    lines = listed.stdout.splitlines()
    assert sum("/generations/m/low/" in line for line in lines) == 3
    assert not any("/fp16/" in line for line in lines)
    deleted = clone.run("lvlm_compress.gc", "--grid", "mine.yaml", "--delete")
    assert deleted.stdout.strip() == f"deleted {len(lines) - 1} artifacts"
    assert clone.planned("--config", "grid=mine.yaml") == {}
