"""Folders that a grid reads, holding nothing but a manifest that identifies them."""

from __future__ import annotations

import json
from pathlib import Path

from lvlm_compress.settings import GRIDS, read_yaml


def needed(grid: str) -> list[str]:
    """The folders that a grid reads, relative to the clone."""
    content = read_yaml(GRIDS / f"{grid}.yaml")
    entries = content["benchmarks"].values()
    folders = [model["path"] for model in content["models"].values()]
    folders += [f"data/{entry['data']}" for entry in entries]
    return folders + [entry["toxicity"] for entry in entries if "toxicity" in entry]


def fake(root: Path, grid: str) -> None:
    """Folders that their manifests identify, and a calibration text."""
    for name in needed(grid):
        (root / name).mkdir(parents=True, exist_ok=True)
        (root / name / "manifest.json").write_text(json.dumps({"files": {"content": name}}))
    (root / "data" / "pile").mkdir(parents=True, exist_ok=True)
    (root / "data" / "pile" / "val.jsonl.zst").write_bytes(b"a text")
