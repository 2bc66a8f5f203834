"""Calibration runs shared by the tests of this folder: each is made once."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Run:
    """A calibrated model, what it was before, its store and the measured figures."""

    model: Any
    before: dict[str, Any]
    path: Path
    figures: dict[str, Any]


Calibrated = Callable[..., Run]


@pytest.fixture(scope="session")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty short random documents, separated by blank lines."""
    draws = random.Random(0)
    lengths = [draws.randrange(30, 60) for _ in range(60)]
    documents = ["".join(chr(97 + draws.randrange(26)) for _ in range(n)) for n in lengths]
    path = tmp_path_factory.mktemp("text") / "calibration.txt"
    path.write_text("\n\n".join(documents))
    return path


@pytest.fixture(scope="session")
def calibrated(text: Path, tmp_path_factory: pytest.TempPathFactory) -> Calibrated:
    """calibrated(family, scheme id, dtype name, again): `again` asks for a second run."""
    folder = tmp_path_factory.mktemp("stores")

    @cache
    def run(family: str, scheme_id: str, dtype: str = "float32", again: int = 0) -> Run:
        import torch

        from tests.weights.tiny_models import calibrate_model, tiny_llava

        model = tiny_llava(family, getattr(torch, dtype))
        before = {name: t.clone() for name, t in model.state_dict().items()}
        path = folder / f"{family}-{scheme_id}-{dtype}-{again}.safetensors"
        figures = calibrate_model(model, scheme_id, text, path)
        return Run(model, before, path, figures)

    return run
