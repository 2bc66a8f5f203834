"""The peers' own virtual environments, made once and kept in a cache folder."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
SHARED = ("torch", "transformers", "accelerate", "numpy", "pillow")


class PeerError(Exception):
    """A peer can't be installed or run; the message says why."""


def python(kind: str, cache: Path) -> Path:
    """The interpreter of a peer's environment, which is installed where it is not there yet.

    Raises:
        PeerError: pip could not install it.
    """
    wanted = requirements(kind)
    digest = hashlib.sha256(json.dumps([sys.version, wanted]).encode()).hexdigest()[:12]
    folder = cache / f"{kind}-{digest}"
    found = folder / "bin" / "python"
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        print(f"Installing {kind} into {folder} ...", file=sys.stderr, flush=True)
        install(found, folder, wanted)
        (folder / "ready").touch()
    return found


def requirements(kind: str) -> dict[str, list[str]]:
    """Pip arguments of each installation step, in order."""
    own: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("environments.yaml").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = [pin for pin in project["dependencies"] if pin.split("==")[0] in SHARED]
    steps = {"shared": pins, "packages": [*own[kind]["packages"], *pins]}
    return {**steps, "alone": ["--no-deps", *own[kind]["alone"]]} if "alone" in own[kind] else steps


def install(python: Path, folder: Path, steps: dict[str, list[str]]) -> None:
    run([sys.executable, "-m", "venv", str(folder)])
    for arguments in steps.values():
        run([str(python), "-m", "pip", "install", "-q", *arguments])


def run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        errors = [line for line in lines if line.startswith("ERROR")]
        raise PeerError(f"{' '.join(command[2:6])}: {(errors or lines)[-1]}")
