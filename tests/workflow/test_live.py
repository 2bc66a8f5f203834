"""The chain from a clone to a report, killed and repeated: DESIGN.md section 4."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lvlm_compress.artifacts import read_json, read_lines
from tests.workflow.clone import Clone
from tests.workflow.live import make_live_clone, published

RUN = ("--cores", "2", "--config", "grid=mine.yaml")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> Clone:
    clone = make_live_clone(tmp_path_factory.mktemp("live"))
    run = clone.snakemake(*RUN)
    assert run.returncode == 0, run.stdout + run.stderr
    return clone


def test_everything_is_published(done):
    results = done.root / "results"
    assert (results / "tables" / "metrics.csv").read_text().startswith("model,compression,")
    assert (results / "tables" / "table3.md").exists()
    assert len(list((results / "figures").glob("*.svg"))) >= 2
    assert "<html" in (results / "report.html").read_text()[:500]
    assert len(list((results / "published").iterdir())) == 1


def test_a_second_run_has_nothing_to_do(done):
    run = done.snakemake(*RUN)
    assert "Nothing to be done" in run.stdout + run.stderr


def test_the_log_tells_progress_speed_and_time_left(done):
    logs = list((done.root / "logs" / "generate").rglob("*.log"))
    assert len(logs) == 4
    assert all("examples/s" in log.read_text() and "s left" in log.read_text() for log in logs)


def test_artifacts_explain_themselves(done):
    (file,) = (done.root / "results" / "generations" / "random" / "fp16" / "pope").rglob("*.jsonl")
    header, rows = read_lines(file)
    assert header["digest"] == file.stem
    assert header["spec"]["kv"] == {"scheme": {"id": "fp16"}}
    assert {"host", "device", "versions", "wall_seconds", "peak_memory_bytes"} <= set(header)
    assert len(rows) == 18
    assert {"id", "cluster", "image", "prompt", "text", "seed"} <= set(rows[0])
    (score,) = (done.root / "results" / "scores" / "random" / "fp16" / "pope").rglob("*.json")
    assert read_json(score)[1]["benchmark"] == "pope"


def test_the_generate_command_takes_cells_by_name_and_skips_finished_ones(done):
    cells = [f"random/{kv}/{bench}/greedy" for kv in ("fp16", "kv2-t128") for bench in ("pope",)]
    run = done.run("lvlm_compress.generate", *cells, "--grid", "mine.yaml")
    assert run.returncode == 0, run.stderr
    assert "examples/s" not in run.stderr


def test_a_cell_of_many_fails_alone(done):
    """One unreadable data set; the other cell of the same command is still made."""
    data = next((done.root / "results" / "data" / "gqa").glob("*/manifest.json")).parent
    hidden = data.rename(data.with_name("hidden"))
    finished = next((done.root / "results/generations/random/fp16/pope").rglob("*.jsonl"))
    kept = finished.read_bytes()
    other = next((done.root / "results/generations/random/fp16/gqa").rglob("*.jsonl"))
    finished.unlink()
    other.unlink()
    names = ["random/fp16/gqa/greedy", "random/fp16/pope/greedy"]
    run = done.run("lvlm_compress.generate", *names, "--grid", "mine.yaml")
    hidden.rename(data)
    assert run.returncode != 0
    assert "1 of 2 cells failed" in run.stderr
    assert "random/fp16/gqa/greedy" in run.stderr
    same = read_lines(finished)[1] == [json.loads(line) for line in kept.split(b"\n")[1:] if line]
    assert same
    again = done.snakemake(*RUN)
    assert again.returncode == 0, again.stderr


def kill_after(clone: Clone, seconds: float) -> None:
    """Start a run and kill -9 Snakemake after a while; its jobs are left to themselves."""
    process = subprocess.Popen(
        [sys.executable, "-m", "snakemake", *RUN],
        cwd=clone.root,
        env=clone.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(seconds)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def killed_and_repeated(like: Clone, folder: Path, seconds: float) -> dict[str, str]:
    clone = make_live_clone(folder, like)
    kill_after(clone, seconds)
    run = clone.snakemake(*RUN)
    assert run.returncode == 0, run.stdout + run.stderr
    return published(clone)


@pytest.mark.parametrize("seconds", [5.0, 11.0, 16.0])
def test_killed_and_started_again_without_unlock_gives_the_same_tables(done, tmp_path, seconds):
    assert killed_and_repeated(done, tmp_path, seconds) == published(done)


@pytest.mark.soak
@pytest.mark.parametrize("number", range(20))
def test_killed_at_random_points(done, tmp_path, number):
    seconds = random.Random(number).uniform(2.0, 25.0)
    assert killed_and_repeated(done, tmp_path, seconds) == published(done)


def test_copied_results_are_redrawn_where_they_are(done, tmp_path):
    """A clone with another's `results/`, without weights, generations and report: redrawn here."""
    clone = make_live_clone(tmp_path, done)
    shutil.copytree(done.root / "results", tmp_path / "results", dirs_exist_ok=True)
    for name in ("reports", "published", "tables", "generations"):
        shutil.rmtree(tmp_path / "results" / name)
    run = clone.snakemake("--cores", "2", "report", "--config", "grid=mine.yaml")
    assert run.returncode == 0, run.stdout + run.stderr
    assert published(clone) == published(done)
