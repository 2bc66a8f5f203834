"""`python -m lvlm_compress.plan --cost`."""

from __future__ import annotations

from tests.workflow.clone import make_clone


def test_the_command_estimates_without_data_or_models(tmp_path):
    clone = make_clone(tmp_path)
    done = clone.run("lvlm_compress.plan", "--cost", "--grid", "table4")
    assert done.returncode == 0, done.stderr
    for model in ("llava-1.5-7b", "llava-1.5-13b"):
        assert f"{model}: no checkpoint at {tmp_path / 'models' / model}" in done.stdout
    one = clone.run("lvlm_compress.plan", "--cost", "--grid", "table4", "--model", "llava-1.5-7b")
    assert "llava-1.5-13b" not in one.stdout


def test_the_embedded_grid_has_hours_and_those_missing_are_no_more(tmp_path):
    clone = make_clone(tmp_path)
    whole = clone.run("lvlm_compress.plan", "--cost")
    assert whole.returncode == 0, whole.stderr
    assert "tiny-llava" in whole.stdout
    clone.touch("embedded")
    missing = clone.run("lvlm_compress.plan", "--cost", "--missing")
    assert missing.stdout.splitlines()[-1] == "GPU-hours in all: 0.00"
    assert whole.stdout.splitlines()[-1] != "GPU-hours in all: 0.00"
