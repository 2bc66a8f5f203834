"""The journal: what a kill, a second process and a full disk leave behind."""

from __future__ import annotations

import pytest

from lvlm_compress.errors import UserError
from lvlm_compress.generation.journal import Journal

DIGEST = "0123456789abcdef"


def row(name):
    return {"id": name, "text": f"answer {name} ü"}


def test_rows_come_back_from_all_processes(tmp_path):
    first, second = Journal(tmp_path, DIGEST), Journal(tmp_path, DIGEST)
    first.append(row("a"))
    second.append(row("b"))
    first.close()
    second.close()
    found = Journal(tmp_path, DIGEST).finished
    assert found == {"a": row("a"), "b": row("b")}
    assert Journal(tmp_path, "f" * 16).finished == {}


def test_a_torn_last_line_is_dropped(tmp_path):
    journal = Journal(tmp_path, DIGEST)
    journal.append(row("a"))
    journal.append(row("b"))
    journal.close()
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    start = whole.index(b"\n") + 1
    for cut in range(start, len(whole)):
        file.write_bytes(whole[:cut])
        assert set(Journal(tmp_path, DIGEST).finished) == {"a"}


def test_damage_in_the_middle_is_named(tmp_path):
    (tmp_path / f"{DIGEST}.host.1.jsonl").write_text('{"id": "a"\n{"id": "b"}\n')
    with pytest.raises(UserError, match=r"host\.1\.jsonl is damaged"):
        Journal(tmp_path, DIGEST)


def test_discard_leaves_other_digests(tmp_path):
    for digest in (DIGEST, "f" * 16):
        journal = Journal(tmp_path, digest)
        journal.append(row("a"))
        journal.close()
    Journal(tmp_path, DIGEST).discard()
    assert [file.name[:16] for file in tmp_path.iterdir()] == ["f" * 16]


def test_a_full_disk_is_a_sentence(tmp_path):
    journal = Journal(tmp_path, DIGEST)
    journal.append(row("a"))
    journal._handle.close()
    journal._handle = open("/dev/full", "w")  # noqa: SIM115, PTH123
    with pytest.raises(UserError, match="Make room"):
        journal.append(row("b"))
