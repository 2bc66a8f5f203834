"""Each stage's environment, installed as its file says, imports what its stages come to use.

What a stage imports only when it is at work is named here; libraries that any of these modules
imports inside of a function are found in its source.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lvlm_compress import registry
from lvlm_compress.planning.pins import pins
from lvlm_compress.settings import ROOT

pytestmark = pytest.mark.slow


def known(folder: str, part: str = "") -> list[str]:
    """The modules of a folder of the package, or a part of its folders."""
    names = registry.benchmarks() if part else registry.known(folder)
    modules = [".".join([folder.replace("/", "."), name, *part.split()]) for name in names]
    return [
        m
        for m in modules
        if (ROOT / "workflow/lvlm_compress" / m.replace(".", "/")).with_suffix(".py").exists()
    ]


MODULES = {
    "report": [
        *("stages.identify", "stages.data", "stages.collect", "stages.report", "stages.publish"),
        *("report", "compare", "embedded.data", *known("embedded/benchmarks")),
        *(f"reporting.{part}.run" for part in ("statistics", "tables", "figures", "page")),
    ],
    "score": [
        *("stages.score", "stages.score_core", "stages.judge", "stages.lexicon"),
        *("score", "lexicon.cell", "judging.cell"),
        *(known("benchmarks", "score") + known("benchmarks", "judge")),
    ],
    "toxicity": ["warm", "stages.toxicity", "toxicity.cell"],
    "calibrate": [
        *("warm", "stages.calibrate", "weights.calibrate"),
        *(known("weights/methods") + known("models")),
    ],
    "generate": [
        *("warm", "generate", "stages.sweep", "stages.download", "generation.run"),
        *("generation.pictures", "generation.static_decoder"),
        *("weights.loading", "weights.store", *known("models")),
        *(known("kv/schemes") + known("benchmarks", "task")),
    ],
}
PROBE = """
import ast, importlib, sys
from pathlib import Path

def libraries(node):
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and not child.level:
            yield child.module
        yield from libraries(child)

for name in sys.argv[1:]:
    importlib.import_module("lvlm_compress." + name)
ours = [module for name, module in sys.modules.items() if name.startswith("lvlm_compress.")]
for module in ours:
    for name in libraries(ast.parse(Path(module.__file__).read_text())):
        if not name.startswith("lvlm_compress"):
            importlib.import_module(name)
"""


def install(environment: str, folder: Path) -> Path:
    """A fresh virtual environment with the pip part of `envs/<environment>.yaml`; its Python."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "-q", *pins(environment)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return python


def takes_cuda_build() -> bool:
    """Whether pip would bring torch with CUDA, gigabytes that say nothing more here."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--dry-run", "--no-deps"]
    command += [
        "--ignore-installed",
        "--report",
        "-",
        next(p for p in pins("generate") if p.startswith("torch=")),
    ]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    (torch,) = json.loads(made.stdout)["install"]
    return "+cpu" not in torch["metadata"]["version"]


@pytest.mark.parametrize("environment", ["report", "score", "toxicity", "calibrate", "generate"])
def test_an_environment_imports_its_stages(environment, tmp_path):
    if any(pin.startswith("torch=") for pin in pins(environment)) and takes_cuda_build():
        pytest.skip("pip takes torch with CUDA here; PIP_FIND_LINKS with a CPU wheel builds it")
    python = install(environment, tmp_path / environment)
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    probe = subprocess.run(
        [str(python), "-c", PROBE, *MODULES[environment]],
        env=clean | {"PYTHONPATH": str(ROOT / "workflow")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert probe.returncode == 0, probe.stderr


def test_every_rule_runs_a_module_that_its_environment_imports():
    for file in (ROOT / "workflow" / "rules").glob("*.smk"):
        for rule in re.split(r"^ *(?:rule|checkpoint) ", file.read_text(), flags=re.MULTILINE):
            for environment in re.findall(r"envs/(\w+)\.yaml", rule):
                run = set(re.findall(r"lvlm_compress\.([\w.]+)", rule))
                assert run
                assert run <= set(MODULES[environment])
