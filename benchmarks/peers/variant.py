"""What a worker offers: named ways to answer the same questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Question:
    prompt: str
    image: Path | None


Run = Callable[[list[Question], int], list[str]]


@dataclass(frozen=True)
class Variant:
    """run: questions, new tokens -> texts, in order. module: the torch model it runs."""

    run: Run
    module: Any
