"""Rates and workloads of the estimate, from `assumptions.yaml` with their sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lvlm_compress.errors import UserError
from lvlm_compress.settings import read_yaml

FILE = Path(__file__).with_name("assumptions.yaml")


@dataclass(frozen=True)
class Device:
    """A GPU: its memory, its rates and who states them."""

    memory_gb: float
    tflops: float
    gb_per_s: float
    source: str


@dataclass(frozen=True)
class Workload:
    """A benchmark: how many questions, text tokens of a prompt, tokens of a usual answer."""

    questions: int
    prompt: int
    answer: int


@dataclass(frozen=True)
class Assumptions:
    """The file's content."""

    devices: Mapping[str, Device]
    compute: float
    memory: float
    overhead_s: float
    quantized_kv: float
    calibration_flop: float
    image_tokens: Mapping[str, int]
    benchmarks: Mapping[str, Workload]

    def device(self, name: str) -> Device:
        """A device by name; an unknown one is a UserError."""
        if name not in self.devices:
            known = ", ".join(self.devices)
            raise UserError(f"Unknown device '{name}' (--device); {FILE.name} has {known}.")
        return self.devices[name]


@cache
def assumptions() -> Assumptions:
    """What this project ships."""
    content: dict[str, Any] = read_yaml(FILE)
    devices = {name: Device(**fields) for name, fields in content.pop("devices").items()}
    benchmarks = {name: Workload(**fields) for name, fields in content.pop("benchmarks").items()}
    return Assumptions(
        devices=devices, benchmarks=benchmarks, **content.pop("efficiency"), **content
    )
