"""Artifacts: DESIGN.md section 4, rule 4."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lvlm_compress import artifacts
from lvlm_compress.errors import UserError

texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(rows=st.lists(st.fixed_dictionaries({"id": texts, "text": texts})))
def test_lines_come_back_whatever_the_model_wrote(tmp_path, rows):
    file = tmp_path / "answers.jsonl"
    file.unlink(missing_ok=True)
    artifacts.write_lines(file, {"kind": "generation"}, rows)
    header, found = artifacts.read_lines(file)
    assert found == rows
    assert header["kind"] == "generation"


def test_json_comes_back_and_says_its_sha256(tmp_path):
    file = tmp_path / "deep" / "score.json"
    artifacts.write_json(file, {"kind": "score"}, {"metrics": {"accuracy": 12.5, "ü": None}})
    header, body = artifacts.read_json(file)
    assert body["metrics"]["accuracy"] == 12.5
    assert len(header["sha256"]) == 64


def test_the_first_writer_wins_and_leaves_no_parts(tmp_path):
    file = tmp_path / "a.json"
    artifacts.write_json(file, {}, 1)
    artifacts.write_json(file, {}, 2)
    assert artifacts.read_json(file)[1] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_changed_byte_is_noticed(tmp_path):
    file = tmp_path / "a.jsonl"
    artifacts.write_lines(file, {}, [{"id": "1", "text": "yes"}])
    file.write_text(file.read_text().replace("yes", "no!"))
    with pytest.raises(UserError, match=r"a\.jsonl does not hold what was written"):
        artifacts.read_lines(file)


def test_a_truncated_file_is_noticed(tmp_path):
    file = tmp_path / "a.json"
    artifacts.write_json(file, {}, list(range(100)))
    file.write_text(file.read_text()[:50])
    with pytest.raises(UserError, match="damaged"):
        artifacts.read_json(file)


def test_a_failing_writer_leaves_nothing(tmp_path):
    def broken(part: Path) -> None:
        part.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        artifacts.commit(tmp_path / "a", broken)
    assert not list(tmp_path.iterdir())


def test_a_folder_appears_whole_with_its_manifest(tmp_path):
    target = tmp_path / "data" / "0123456789abcdef"
    # Snakemake makes an output's folder before its job runs.
    target.mkdir(parents=True)
    artifacts.commit_folder(target, lambda folder: _fill(folder, "one"), lambda: {"kind": "data"})
    artifacts.commit_folder(target, lambda folder: _fill(folder, "two"), lambda: {"kind": "data"})
    manifest = json.loads((target / "manifest.json").read_text())
    assert (target / "sub" / "file.txt").read_text() == "one"
    assert list(manifest["files"]) == ["sub/file.txt"]
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_a_folder_that_lost_its_manifest_is_filled_anew(tmp_path):
    """What Snakemake leaves of a killed run's job: it removes the outputs it knows of."""
    target = tmp_path / "0123456789abcdef"
    artifacts.commit_folder(target, lambda folder: _fill(folder, "one"), lambda: {})
    (target / "manifest.json").unlink()
    artifacts.commit_folder(target, lambda folder: _fill(folder, "two"), lambda: {})
    assert (target / "sub" / "file.txt").read_text() == "two"
    assert (target / "manifest.json").is_file()
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


def _fill(folder: Path, text: str) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "file.txt").write_text(text)


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOTSUP, errno.ENOSYS])
def test_a_file_system_without_hard_links_gets_a_rename(tmp_path, monkeypatch, code):
    def refuse(*_: object) -> None:
        raise OSError(code, "no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    file = tmp_path / "a.json"
    artifacts.write_json(file, {}, 1)
    assert artifacts.read_json(file)[1] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_content_is_on_the_disk_before_its_name_and_the_name_before_the_end(tmp_path, monkeypatch):
    steps = []
    fsync, link = os.fsync, os.link

    def synced(descriptor: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def linked(*names: Path) -> None:
        steps.append("name")
        link(*names)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "link", linked)
    artifacts.write_json(tmp_path / "a.json", {}, 1)
    assert steps == ["file", "name", "folder"]


def test_a_header_is_read_from_every_kind_of_artifact(tmp_path):
    import torch
    from safetensors.torch import save_file

    header = {"spec": {"kv": "fp16"}}
    artifacts.write_lines(tmp_path / "a.jsonl", header, [{"id": "1"}])
    artifacts.write_json(tmp_path / "a.json", header, 1)
    artifacts.commit_folder(tmp_path / "a", lambda folder: _fill(folder, "x"), lambda: header)
    weights = {"weight_store": json.dumps(header)}
    save_file({"w": torch.zeros(2)}, tmp_path / "a.safetensors", weights)
    for name in ("a.jsonl", "a.json", "a/manifest.json", "a.safetensors"):
        assert artifacts.read_header(tmp_path / name)["spec"] == header["spec"]
