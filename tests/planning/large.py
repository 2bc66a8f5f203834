"""A grid of any size whose models and data are folders with nothing but a manifest."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from lvlm_compress.settings import ROOT, Settings, resolve

DATA = ("gqa", "hallusionbench", "mme", "mmvet", "pope", "scienceqa", "textvqa", "vqav2")
PARTS = ("uniform", "or2", "cN", "c128", "t128", "kcN-vt128", "kc128-vt128", "kt128-vc128")
CELLS_PER_MODEL = 5 * len(PARTS) * (len(DATA) + 12)


def large_grid(root: Path, count: int) -> Settings:
    """`count` models x (4 widths and one with W4) x 8 schemes x (8 benchmarks and 12 seeds)."""
    kv = [f"kv{bits}-{part}" for bits in (2, 3, 4, 8) for part in PARTS]
    models = {f"m{i}": {"family": "llava", "path": f"models/m{i}"} for i in range(count)}
    data = {name: {"data": name} for name in DATA}
    data["pairs"] = {"data": "pairs", "seeds": list(range(10))}
    data["socialcounterfactuals"] = {"data": "sc", "seeds": [0, 1], "lexicon": {}}
    for name in [m["path"] for m in models.values()] + [f"data/{e['data']}" for e in data.values()]:
        (root / name).mkdir(parents=True, exist_ok=True)
        (root / name / "manifest.json").write_text(json.dumps({"files": {"content": name}}))
    (root / "text.jsonl").write_text('{"text": "a"}\n')
    grid = {
        "models": models,
        "calibration": {"text": "text.jsonl"},
        "compressions": kv + [f"w4-awq+kv4-{part}" for part in PARTS],
        "benchmarks": data,
    }
    (root / "large.yaml").write_text(yaml.safe_dump(grid))
    return resolve(root, yaml.safe_load((ROOT / "config.yaml").read_text()), "large.yaml")
