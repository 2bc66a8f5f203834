"""One set of pins: DESIGN.md section 5."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib

import pytest
import yaml

from lvlm_compress.planning.pins import pins
from lvlm_compress.settings import ROOT

ENVIRONMENTS = [*(ROOT / "envs").glob("*.yaml")]
STAGES = ("calibrate", "generate", "toxicity", "score", "report")
CHOSEN = ["snakemake", "torch", "transformers", "autoawq", "polars"]
CHOSEN += ["detoxify", "matplotlib", "pyyaml"]


def python(code: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow")}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )


def project_pins() -> set[str]:
    content = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return set(content["project"]["dependencies"])


@pytest.mark.parametrize("stage", STAGES)
def test_an_environment_repeats_the_projects_pins(stage):
    assert set(pins(stage)) <= project_pins()


def test_the_users_choice_is_pinned():
    names = {pin.partition("==")[0] for pin in project_pins()}
    assert set(CHOSEN) <= names


def test_report_and_score_have_no_torch():
    for stage in ("report", "score"):
        assert not {"torch", "transformers"} & {pin.partition("==")[0] for pin in pins(stage)}


@pytest.mark.parametrize("recipe", ["Dockerfile", "container.def"])
def test_a_container_installs_the_projects_pins(recipe):
    """Its own line that lists them is run here; the images themselves are not built by tests."""
    text = (ROOT / "envs" / recipe).read_text()
    (listing,) = re.findall(r"python -c '(.*)' > pins.txt", text)
    run = subprocess.run(
        [sys.executable, "-c", listing], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(run.stdout.split()) == project_pins()
    assert "-r pins.txt" in text
    pythons = {yaml.safe_load(file.read_text())["dependencies"][0] for file in ENVIRONMENTS}
    assert pythons == {"python=3.11"}
    assert "python:3.11-" in text


def test_profiles_default_holds_neutral_switches_only():
    """It wins over `--profile` key by key (spec/workflow.md section 1)."""
    profile = yaml.safe_load((ROOT / "profiles" / "default" / "config.yaml").read_text())
    assert not {"jobs", "cores", "executor", "default-resources", "set-resources"} & set(profile)


def test_the_slurm_profile_is_found_by_its_name():
    assert (ROOT / "slurm").is_symlink()
    assert (ROOT / "slurm" / "config.yaml").is_file()


WITHOUT_TORCH = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "transformers", "detoxify", "awq"):
            raise ModuleNotFoundError(f"No module named {name!r}")
sys.meta_path.insert(0, Absent())
import lvlm_compress.flow, lvlm_compress.plan, lvlm_compress.report, lvlm_compress.stages.report
import lvlm_compress.stages.score, lvlm_compress.score, lvlm_compress.reporting.figures.run
import lvlm_compress.reporting.page.run, lvlm_compress.reporting.statistics.run
from lvlm_compress import registry
for benchmark in registry.benchmarks():
    registry.load(registry.benchmark_module(benchmark, "score"))
"""


def test_planning_scoring_and_report_run_where_torch_can_not_be_imported():
    run = python(WITHOUT_TORCH)
    assert run.returncode == 0, run.stderr


def test_planning_imports_nothing_heavy():
    code = "import lvlm_compress.flow, sys; print([m for m in sys.modules])"
    run = python(code)
    assert run.returncode == 0, run.stderr
    loaded = set(ast.literal_eval(run.stdout))
    assert not {"torch", "transformers", "polars", "numpy", "matplotlib"} & loaded
