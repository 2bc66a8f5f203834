"""One store, several users: group permissions, reading without writing. DESIGN.md section 3."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.workflow.clone import Clone
from tests.workflow.live import make_live_clone
from tests.workflow.shared import give, open_folder, use_store

ANNE, BERT, LAB = 60001, 60002, 60000


# Users that may read and enter everything, as Python itself may lie in root's home, but write only
# what is theirs or their group's. What they could read is told by the modes.
AS_USER = ("setpriv", "--regid", str(LAB), "--clear-groups", "--inh-caps=-all,+dac_read_search")
AS_USER += ("--ambient-caps=-all,+dac_read_search", "--reuid")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.getuid() != 0 or shutil.which("setpriv") is None,
        reason="only root can run as other users, with setpriv",
    ),
]


@dataclass(frozen=True)
class Member:
    """A user of the group with a clone of his own."""

    user: int
    umask: int
    clone: Clone

    def snakemake(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Snakemake as this user."""
        # Snakemake asks for the user's name.
        names = {"HOME": str(self.clone.root), "LOGNAME": str(self.user)}
        python = [*AS_USER, str(self.user), sys.executable]
        return subprocess.run(
            [*python, "-m", "snakemake", "--cores", "1", *arguments],
            cwd=self.clone.root,
            env=self.clone.environment | names,
            umask=self.umask,
            capture_output=True,
            text=True,
            check=False,
        )


@dataclass(frozen=True)
class Lab:
    """A store that a group shares, and two of its members."""

    store: Path
    anne: Member
    bert: Member


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Anne, whose umask closes all, has run one compression; then Bert, with another one, all."""
    with open_folder() as folder:
        store = folder / "store"
        store.mkdir()
        os.chown(store, ANNE, LAB)
        store.chmod(0o2775)
        for name in ("anne", "bert"):
            (folder / name).mkdir()
        first = make_live_clone(folder / "anne")
        second = make_live_clone(folder / "bert", first)
        for clone, user in ((first, ANNE), (second, BERT)):
            use_store(clone, store)
            clone.edit(
                "mine.yaml", "  gqa: {data: {embedded: {items: 6}}, max_new_tokens: 4}\n", ""
            )
            give(clone.root, user)
        made = Lab(store, Member(ANNE, 0o077, first), Member(BERT, 0o022, second))
        begun = made.anne.snakemake("--config", "select={compressions: [fp16]}")
        assert begun.returncode == 0, begun.stdout + begun.stderr
        done = made.bert.snakemake()
        assert done.returncode == 0, done.stdout + done.stderr
        yield made


def test_bert_adds_what_anne_has_not_run_beside_what_she_has(lab):
    owners = {
        file.parts[-4]: file.stat().st_uid for file in lab.store.glob("generations/*/*/*/*/*")
    }
    assert owners == {"fp16": ANNE, "kv2-t128": BERT}


def test_all_of_the_group_read_files_and_write_folders_whatever_the_umask(lab):
    for path in lab.store.rglob("*"):
        mode = path.stat().st_mode
        assert path.stat().st_gid == LAB, path
        assert mode & stat.S_IRGRP, path
        if path.is_dir():
            assert mode & stat.S_IWGRP, path
            assert mode & stat.S_ISGID, path


def test_each_clone_has_its_own_report_and_its_mark(lab):
    for member in (lab.anne, lab.bert):
        assert (member.clone.root / "results" / "report.html").is_file()
        assert (member.clone.root / "results" / "reports" / "page").is_dir()
    assert not (lab.store / "reports").exists()
    assert len(list((lab.store / "live").glob("*.json"))) == 2


def test_a_store_that_can_only_be_read_is_drawn_from_and_says_when_that_is_not_enough(lab):
    for path in [lab.store, *lab.store.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)
    shutil.rmtree(lab.bert.clone.root / "results")
    before = contents(lab.store)
    for target in ("figures", "report"):
        drawn = lab.bert.snakemake(target)
        assert drawn.returncode == 0, drawn.stdout + drawn.stderr
    assert (lab.bert.clone.root / "results" / "figures" / "figure2.svg").is_file()
    shutil.rmtree(lab.store / "scores" / "random" / "kv2-t128" / "pope")
    refused = lab.bert.snakemake("scores")
    assert refused.returncode != 0
    told = " ".join((refused.stdout + refused.stderr).split())
    assert f"{lab.store} (config key 'results_dir') can't be written and lacks" in told
    assert "Traceback" not in told
    shown = lab.bert.snakemake("--config", "missing=show")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    gone = {name for name in before if "/kv2-t128/pope/" in name and "/scores/" in name}
    assert contents(lab.store) == {name: before[name] for name in set(before) - gone}


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
