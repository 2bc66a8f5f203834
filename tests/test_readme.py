"""Every command of the README, tried as far as it goes without computing anything."""

from __future__ import annotations

import os
import re
import shlex

import pytest

from lvlm_compress.settings import ROOT
from tests.workflow.clone import make_clone

BLOCKS = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
COMMANDS = [re.split("  +#", line)[0].strip() for block in BLOCKS for line in block.splitlines()]
INSTALL = [command for command in COMMANDS if command.startswith("pip install")]
OTHER = [command for command in COMMANDS if command and command not in INSTALL]


def test_the_two_commands_come_first_and_ci_runs_them():
    assert COMMANDS[:2] == INSTALL
    ci = (ROOT / ".ci" / "run").read_text()
    for command in INSTALL:
        for part in command.split(" && "):
            assert part.replace("pip install", "pip install -q") in ci or part in ci


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    made = make_clone(tmp_path_factory.mktemp("readme"))
    for folder in ("pairs", "hallusionbench"):
        (made.root / "real" / folder).mkdir(parents=True)
        (made.root / "real" / folder / "manifest.json").write_text('{"files": {}}')
    made.commit()
    return made


@pytest.mark.parametrize("command", OTHER)
def test_a_command_does_what_it_says(clone, command, monkeypatch):
    monkeypatch.setenv("LVLM_DATA", "real")
    words = shlex.split(os.path.expandvars(command) if "LVLM" not in command else command)
    if words[0] == "snakemake":
        run = clone.snakemake(*words[1:], "-n")
        assert "Job stats" in run.stdout + run.stderr or "Nothing" in run.stdout + run.stderr
    else:
        assert words[:2] == ["python", "-m"]
        if ">>" in words:
            words = words[: words.index(">>")]
        # A cell that is not there yet is answered by its own test; here it must be known.
        last = ["--help"] if words[2] == "lvlm_compress.generate" else []
        run = clone.run(*words[2:], *last)
    assert run.returncode == 0, run.stdout + run.stderr
