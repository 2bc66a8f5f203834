"""Names to modules, without importing them: what keeps code fingerprints narrow."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

from lvlm_compress.errors import UserError

PACKAGE = Path(__file__).parent


def known(kind: str) -> list[str]:
    """Names of one kind: the modules or folders of `lvlm_compress/<kind>/`, private ones not."""
    entries = (PACKAGE / kind).iterdir()
    names = (e.stem for e in entries if e.suffix == ".py" or (e / "__init__.py").is_file())
    return sorted(name for name in names if not name.startswith("_"))


def benchmarks() -> list[str]:
    """Benchmark ids: the folders of `lvlm_compress/benchmarks` that hold a task."""
    return sorted(task.parent.name for task in (PACKAGE / "benchmarks").glob("*/task.py"))


def benchmark_module(benchmark: str, part: str) -> str:
    """Dotted name of a benchmark's `task` or `score` module; an unknown id is a UserError."""
    if benchmark not in benchmarks():
        raise UserError(f"Unknown benchmark '{benchmark}'; known are {', '.join(benchmarks())}.")
    return f"lvlm_compress.benchmarks.{benchmark}.{part}"


def load(module: str) -> ModuleType:
    """Import a module of the package by its dotted name."""
    return importlib.import_module(module)
