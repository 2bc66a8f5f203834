"""A clone of the repository in a temporary folder, and Snakemake run in it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("Snakefile", "config.yaml", "workflow", "profiles", "envs", "pyproject.toml")

# Two schemes, two benchmarks, one of them sampled with two seeds: 2 x (1 + 2) = 6 cells.
GRID = """
models:
  m: {family: llava, path: model, dtype: float32}
calibration: {text: text.jsonl}
compressions:
  fp16:
  low: {kv: kv2-t128, stream_gap: 20}
benchmarks:
  pope: {data: pope}
  pairs: {data: pairs, seeds: [0, 1]}
"""

TOUCH = """
import json, sys
from pathlib import Path
from lvlm_compress.address import plain
from lvlm_compress.settings import resolve
from lvlm_compress.plan import make_plan
from lvlm_compress.reporting import outputs
plan = make_plan(resolve(grid=sys.argv[1], overrides=sys.argv[2:]))
for cell in plan.cells.values():
    file = plan.settings.place(cell.path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"header": {"spec": plain(cell.parts)}, "body": None}))
    for part in ("rows", "terms") if cell.kind == "score" else ():
        file.with_name(f"{cell.digest}.{part}.parquet").touch()
    for name in getattr(outputs, cell.kind)() if hasattr(outputs, cell.kind) else ():
        file.with_name(name).touch()
marker = plan.settings.published / "published" / plan.reports["page"].digest
marker.parent.mkdir(parents=True, exist_ok=True)
for old in marker.parent.iterdir():
    old.unlink()
marker.touch()
print(json.dumps(sorted(f"{cell.kind} {cell.name}" for cell in plan.cells.values())))
"""


@dataclass(frozen=True)
class Clone:
    """A clone with a grid of fake folders: their manifests identify them, nothing is loaded."""

    root: Path

    @property
    def environment(self) -> dict[str, str]:
        """As a user's shell, with the clone's package first."""
        return os.environ | {"PYTHONPATH": str(self.root / "workflow"), "OMP_NUM_THREADS": "1"}

    def run(self, *command: str, timeout: int = 300) -> subprocess.CompletedProcess[str]:
        """Run a command in the clone."""
        return subprocess.run(
            [sys.executable, "-m", *command],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def snakemake(self, *arguments: str, timeout: int = 600) -> subprocess.CompletedProcess[str]:
        """Run Snakemake in the clone."""
        return self.run("snakemake", *arguments, timeout=timeout)

    def planned(self, *arguments: str) -> dict[str, int]:
        """Jobs that a dry run counts, by rule; targets that run nothing left out."""
        done = self.snakemake("-n", "--cores", "1", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        table = re.findall(r"^(\w+) +(\d+)$", done.stdout + done.stderr, re.MULTILINE)
        return {rule: int(count) for rule, count in table if rule not in ("all", "total")}

    def touch(self, grid: str = "mine.yaml", *overrides: str) -> list[str]:
        """Pretend that everything of a grid is done; returns what there is."""
        done = subprocess.run(
            [sys.executable, "-c", TOUCH, grid, *overrides],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return list(json.loads(done.stdout))

    def commit(self) -> None:
        """Make the clone a git repository whose HEAD is what is there now."""
        who = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
        for command in (["init", "-q"], ["add", "workflow"], [*who, "commit", "-qm", "all"]):
            subprocess.run(["git", *command], cwd=self.root, check=True)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that must be there."""
        file = self.root / name
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {name}"
        file.write_text(text.replace(old, new), encoding="utf-8")


def make_clone(folder: Path) -> Clone:
    """Copy what a clone has and add the fake grid as `mine.yaml`."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(source, folder / part, ignore=ignored)
        else:
            shutil.copy(source, folder / part)
    for name in ("model", "data/pope", "data/pairs"):
        (folder / name).mkdir(parents=True)
        manifest = {"files": {"content": name}}
        (folder / name / "manifest.json").write_text(json.dumps(manifest))
    (folder / "text.jsonl").write_text('{"text": "a"}\n')
    (folder / "mine.yaml").write_text(GRID)
    (folder / "slurm").symlink_to("profiles/slurm")
    return Clone(folder)
