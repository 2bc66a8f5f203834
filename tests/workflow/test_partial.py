"""Partial reruns as the README names them: which cells run, which stay."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.test_readme import OTHER
from tests.workflow.clone import Clone, make_clone

REPORT = {"statistics": 1, "tabulate": 1, "draw": 1, "write_page": 1, "publish": 1}

# The README's names among others: 2 models x 3 compressions x (pope, pairs with three seeds).
GRID = """
models:
  tiny-llava: {family: llava, path: model, dtype: float32}
  other: {family: llava, path: other, dtype: float32}
calibration: {text: text.jsonl}
compressions:
  fp16:
  kv2-kc128-vt128: {kv: kv2-kc128-vt128}
  kv2-t128: {kv: kv2-t128, stream_gap: 20}
benchmarks:
  pope: {data: pope}
  pairs: {data: pairs, seeds: [0, 1, 2]}
"""
MODELS = ("tiny-llava", "other")
COMPRESSIONS = ("fp16", "kv2-kc128-vt128", "kv2-t128")
ASKED = ("pope/greedy", "pairs/0", "pairs/1", "pairs/2")
ALL = {f"{m}/{c}/{asked}" for m in MODELS for c in COMPRESSIONS for asked in ASKED}
ONE = "tiny-llava/kv2-t128/pairs/1"


@pytest.fixture
def clone(tmp_path) -> Clone:
    made = make_clone(tmp_path)
    shutil.copytree(tmp_path / "model", tmp_path / "other")
    (tmp_path / "other" / "manifest.json").write_text('{"files": {"content": "other"}}')
    (tmp_path / "mine.yaml").write_text(GRID)
    made.edit("config.yaml", "grid: embedded ", "grid: mine.yaml ")
    return made


@pytest.fixture
def done(clone) -> Clone:
    clone.touch()
    return clone


def command(text: str) -> list[str]:
    """The words of the README's one command that ends so."""
    (found,) = [line for line in OTHER if line.endswith(text)]
    return shlex.split(found)[1:]


def generated(clone: Clone, text: str) -> set[str]:
    """The cells whose answers a command of the README would make."""
    run = clone.snakemake(*command(text), "-n")
    assert run.returncode == 0, run.stdout + run.stderr
    outputs = r"results/generations/(\S+)/[0-9a-f]{16}\.jsonl"
    return set(re.findall(f"output: {outputs}", run.stdout + run.stderr))


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("'select={models: [tiny-llava]}'", "tiny-llava/.*"),
        ("'select={benchmarks: [pope]}'", ".*/pope/greedy"),
        ("'select={compressions: [fp16, kv2-kc128-vt128]}'", ".*/(fp16|kv2-kc128-vt128)/.*"),
        ("'select={benchmarks: [pairs], seeds: [1]}'", ".*/pairs/1"),
    ],
)
def test_one_model_one_benchmark_one_compression_one_seed(clone, text, pattern):
    expected = {name for name in ALL if re.fullmatch(pattern, name)}
    assert 0 < len(expected) < len(ALL)
    assert generated(clone, text) == expected


def test_only_what_is_missing_runs(done):
    for kind in ("generations", "scores"):
        shutil.rmtree(done.root / "results" / kind / ONE)
    shutil.rmtree(done.root / "results" / "published")
    assert generated(done, "snakemake --cores all") == set()  # the report is there and is copied
    shutil.rmtree(done.root / "results" / "reports")
    assert generated(done, "snakemake --cores all") == {ONE}


def test_what_is_there_is_drawn_and_nothing_else_runs(done):
    shutil.rmtree(done.root / "results" / "generations")
    shutil.rmtree(done.root / "results" / "scores" / ONE)
    assert done.planned(*command("missing=show")) == REPORT


def test_only_figures(done):
    shutil.rmtree(done.root / "results" / "reports")
    shutil.rmtree(done.root / "results" / "generations")
    drawn = {"statistics": 1, "draw": 1, "publish": 1, "figures": 1}
    assert done.planned(*command("figures")) == drawn


def test_a_salt_redoes_one_cell_and_its_removal_brings_the_first_answers_back(done):
    salts = f"salts: {{{ONE}: again}}\n"
    (done.root / "mine.yaml").write_text(GRID + salts)
    assert done.planned() == {"generate": 1, "score": 1, **REPORT}
    assert generated(done, "snakemake --cores all") == {ONE}
    done.touch()
    (done.root / "mine.yaml").write_text(GRID)
    assert done.planned() == {"publish": 1}


@pytest.mark.parametrize(
    ("where", "salted"),
    [
        ("  kv2-t128: {kv: kv2-t128, ", ".*/kv2-t128/.*"),
        ("  pope: {data: pope", ".*/pope/greedy"),
    ],
)
def test_a_salt_of_a_compression_or_benchmark_redoes_its_cells(done, where, salted):
    salt = "salt: again, " if where.endswith(", ") else ", salt: again"
    done.edit("mine.yaml", where, where + salt)
    expected = {name for name in ALL if re.fullmatch(salted, name)}
    assert generated(done, "snakemake --cores all") == expected


def test_a_salt_for_no_cell_is_an_error(clone):
    (clone.root / "mine.yaml").write_text(GRID + "salts: {tiny-llava/fp16/pope/7: again}\n")
    run = clone.snakemake("-n")
    assert run.returncode != 0
    assert "tiny-llava/fp16/pope/7" in run.stdout + run.stderr


def missing(clone: Clone) -> dict[str, str]:
    """What `plan --missing` lists: kind and name of a cell, and why it would run."""
    run = clone.run(*command("lvlm_compress.plan --missing")[1:])
    assert run.returncode == 0, run.stderr
    lines = [line.split(maxsplit=4) for line in run.stdout.splitlines()[:-1]]
    assert all(state == "missing" for state, *_ in lines)
    return {f"{kind} {name}": why for _, kind, name, _, why in lines}


def test_plan_tells_what_would_run_and_why(done):
    assert missing(done) == {}
    done.edit("mine.yaml", "stream_gap: 20", "stream_gap: 5")
    done.edit("mine.yaml", "seeds: [0, 1, 2]", "seeds: [0, 1, 3]")
    told = missing(done)
    assert told[f"generation {ONE}"] == "kv.scheme.stream_gap 20 -> 5"
    assert told[f"score {ONE}"] == "another generation"
    assert told["generation other/fp16/pairs/3"] == "never made"
    assert "generation other/fp16/pairs/1" not in told
    assert len(told) == 2 * (2 * 3 + 2 * 3)


def test_plan_names_the_pins_that_changed(done):
    done.edit("envs/score.yaml", "polars==2.1.0", "polars==2.2.0")
    told = missing(done)
    assert told["score other/fp16/pope/greedy"] == 'pins ["polars==2.1.0"] -> ["polars==2.2.0"]'
    assert len(told) == 24


def test_plan_tells_of_deleted_files_and_of_edited_code(done):
    shutil.rmtree(done.root / "results" / "generations")
    assert missing(done) == {}  # their scores are there
    score = done.root / "workflow/lvlm_compress/benchmarks/pope/score.py"
    score.open("a").write("\nEDITED = 1\n")
    told = missing(done)
    assert told["score other/fp16/pope/greedy"] == "code changed"
    assert told["generation other/fp16/pope/greedy"] == "never made"
    assert len(told) == 12


def adopt(clone: Clone) -> str:
    """The README's command, its output appended to the file that it names."""
    *words, _, file = command("workflow/adopted.yaml")
    run = clone.run(*words[1:])
    assert run.returncode == 0, run.stderr
    with (clone.root / file).open("a") as adopted:
        adopted.write(run.stdout)
    return run.stdout


def test_results_stand_after_a_refactor_that_is_adopted(done):
    done.commit()
    for name in ("generation/rows", "benchmarks/pope/score", "reporting/figures/style"):
        file: Path = done.root / "workflow" / "lvlm_compress" / f"{name}.py"
        file.open("a").write("\nRENAMED = 1\n")
    assert done.planned() == {"generate": 24, "score": 24, **REPORT}
    adopt(done)
    assert done.planned() == {}
    assert missing(done) == {}
    # What is adopted is adopted: the next refactor stands for the same results.
    file.open("a").write("\nAGAIN = 1\n")
    assert done.planned() == {"draw": 1, "write_page": 1, "publish": 1}
    adopt(done)
    assert done.planned() == {}


def test_what_has_no_artifact_is_not_adopted(done):
    """Answers of a still older code must not come to stand for the new one."""
    schemes = "workflow/lvlm_compress/kv/schemes/per_token.py"
    (done.root / schemes).open("a").write("\nOTHER_NUMBERS = 1\n")
    done.commit()
    (done.root / schemes).open("a").write("\nRENAMED = 1\n")
    assert adopt(done) == ""
    # Both schemes that quantize per token.
    assert done.planned() == {"generate": 16, "score": 16, **REPORT}


def test_a_revision_that_git_does_not_know_is_an_error(done):
    done.commit()
    run = done.run("lvlm_compress.adopt", "nowhere")
    assert run.returncode != 0
    assert "git has no code at nowhere" in run.stderr


def test_a_clone_without_git_is_told_so(done):
    subprocess.run(["git", "--version"], check=True, capture_output=True)
    run = done.run("lvlm_compress.adopt")
    assert run.returncode != 0
    assert "git has no code at HEAD" in run.stderr
