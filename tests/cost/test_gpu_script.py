"""The GPU script end to end on a CPU, with small sizes and one case made to fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from lvlm_compress.settings import ROOT

BROKEN = """
import sys, gpu, gpu_cases
def broken(bench):
    raise RuntimeError("broken on purpose")
gpu_cases.changes = broken
sys.exit(gpu.main(sys.argv[1:]))
"""


def run(*arguments):
    path = os.pathsep.join([str(ROOT / "workflow"), str(ROOT / "benchmarks")])
    environment = os.environ | {"PYTHONPATH": path}
    return subprocess.run(
        [sys.executable, "-c", BROKEN, "--tiny", "--device", "cpu", "--new", "3", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_a_failing_case_costs_no_other_its_figures(tmp_path):
    out = tmp_path / "rows.json"
    done = run("--out", str(out), "--variants", "kv2", "w4-packed")
    assert done.returncode == 1, done.stderr
    rows = json.loads(out.read_text())["rows"]
    assert {row["model"] for row in rows} == {"llava-1.5-7b", "llava-1.6-13b"}
    failed = [row for row in rows if row["error"]]
    assert {(row["case"], row["error"]) for row in failed} == {
        ("fast changes", "RuntimeError: broken on purpose")
    }
    timed = [row for row in rows if row["case"] in ("kv2", "w4-packed", "transformers batch 8")]
    assert len(timed) == 2 * (2 + 2 + 1)
    assert all(row["per_second"] > 0 and row["examples"] in (2, 20) for row in timed)
    alone = [row["estimate"] for row in rows if row["engine"] == "reference"]
    assert len(alone) == 4
    assert all(alone)
    last = done.stdout.splitlines()[-len(rows) :]
    assert sum("FAILED RuntimeError: broken on purpose" in line for line in last) == 2


@pytest.mark.slow
def test_what_the_time_limit_cuts_off_is_said(tmp_path):
    out = tmp_path / "rows.json"
    done = run("--out", str(out), "--limit", "0", "--models", "llava-1.5-7b")
    assert done.returncode == 1, done.stderr
    assert all(
        row["error"] == "not run: 0 s are over" for row in json.loads(out.read_text())["rows"]
    )
