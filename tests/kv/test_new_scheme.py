"""A new scheme is one new file: no other file changes, no other scheme's code fingerprint."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import lvlm_compress
from lvlm_compress.fingerprint import Sources
from lvlm_compress.kv import KVScheme
from lvlm_compress.kv.ids import examples

PACKAGE = Path(lvlm_compress.__file__).parent

# Per channel over all tokens under another name.
TOY = """
from dataclasses import dataclass
from typing import ClassVar
from lvlm_compress.kv.schemes.per_channel_all import PerChannelAll

PATTERN = r"toy"
EXAMPLES = ("toy",)


def build(bits, match):
    return Toy(bits)


@dataclass(frozen=True)
class Toy(PerChannelAll):
    kind: ClassVar[str] = "toy"

    @property
    def part(self):
        return "toy"

    def fake_quantize(self, x):
        return super().fake_quantize(x) + 0
"""
USE = """
import torch
from lvlm_compress.kv import KVScheme
from lvlm_compress.kv.cache import replay
k = torch.randn(1, 2, 9, 8)
scheme = KVScheme.parse("k3v4-ktoy-vt16")
assert str(scheme) == "k3v4-ktoy-vt16", scheme
assert "lvlm_compress.kv.schemes.toy" in scheme.modules
handed = replay(scheme, k, k, 9, 20)["after_prefill"]
assert torch.equal(handed[0], scheme.fake_quantize(k, k)[0])
"""


def test_one_file_adds_a_scheme_and_changes_no_other(tmp_path: Path) -> None:
    copy = tmp_path / "lvlm_compress"
    shutil.copytree(PACKAGE / "kv", copy / "kv", ignore=shutil.ignore_patterns("__pycache__"))
    for file in PACKAGE.glob("*.py"):
        shutil.copy(file, copy)
    schemes = [KVScheme.parse(text) for text in examples()]
    before = [Sources(tmp_path).fingerprint(scheme.modules) for scheme in schemes]
    (copy / "kv/schemes/toy.py").write_text(TOY)
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    subprocess.run([sys.executable, "-c", USE], check=True, env=environment)
    assert [Sources(tmp_path).fingerprint(scheme.modules) for scheme in schemes] == before


def test_the_fingerprint_of_a_scheme_holds_its_own_modules_only() -> None:
    sources = Sources(PACKAGE.parent)
    for text in examples():
        scheme = KVScheme.parse(text)
        closure = frozenset().union(*(sources.closure(module) for module in scheme.modules))
        used = {f"lvlm_compress.kv.schemes.{part.kind}" for part in (scheme.k, scheme.v)}
        found = {name for name in closure if name.startswith("lvlm_compress.kv.schemes.")}
        assert found == (set() if scheme.is_identity else used)
        assert "lvlm_compress.kv.packed_layer" not in closure
