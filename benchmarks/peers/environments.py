"""The peers' own virtual environments, made once and kept in a cache folder."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
SHARED = ("torch", "transformers", "accelerate", "numpy", "pillow")


class PeerError(Exception):
    """A peer can't be installed or run; the message says why."""


def python(kind: str, cache: Path) -> Path:
    """The interpreter of a peer's environment, which is installed where it is not there yet.

    Raises:
        PeerError: it could not be installed.
    """
    recipe = yaml.safe_load(Path(__file__).with_name("environments.yaml").read_text())[kind]
    steps = [pip(pins()), pip([*recipe["packages"], *pins()])]
    if "alone" in recipe:
        steps.append(pip(["--no-deps", *recipe["alone"]]))
    if "prepare" in recipe:
        steps.append(["-c", recipe["prepare"]])
    digest = hashlib.sha256(json.dumps([sys.version, steps]).encode()).hexdigest()[:12]
    folder = cache / f"{kind}-{digest}"
    if not (folder / "ready").exists():
        print(f"Installing {kind} into {folder} ...", file=sys.stderr, flush=True)
        install(folder, steps)
    return folder / "bin" / "python"


def pins() -> list[str]:
    """The project's own versions, so that all run on the same libraries."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [pin for pin in project["dependencies"] if pin.split("==")[0] in SHARED]


def pip(arguments: list[str]) -> list[str]:
    return ["-m", "pip", "install", "-q", *arguments]


def install(folder: Path, steps: list[list[str]]) -> None:
    """Make the environment; one that an earlier run left unfinished is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    run([sys.executable, "-m", "venv", str(folder)])
    for step in steps:
        run([str(folder / "bin" / "python"), *step])
    (folder / "ready").touch()


def run(command: list[str]) -> None:
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=clean)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        errors = [line for line in lines if line.startswith("ERROR")]
        raise PeerError(f"{' '.join(command[1:5])}: {(errors or lines)[-1]}")
