"""The pinned packages of a stage, read from its environment file."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from lvlm_compress.settings import ROOT


@cache
def pins(stage: str) -> tuple[str, ...]:
    """The requirements in `envs/<stage>.yaml`, sorted: a bump reruns the stage, on purpose."""
    content: dict[str, Any] = yaml.safe_load((ROOT / "envs" / f"{stage}.yaml").read_text())
    pip = next(entry["pip"] for entry in content["dependencies"] if isinstance(entry, dict))
    return tuple(sorted(pip))
