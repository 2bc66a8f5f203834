"""Verdicts on disk: one file a verdict, named by the content of its request.

A verdict is written whole or not at all as soon as it is there, so nothing paid for is lost or
asked twice, whichever cell, run or machine asks.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lvlm_compress import artifacts
from lvlm_compress.errors import UserError
from lvlm_compress.judging.spec import Request


@dataclass(frozen=True)
class Verdict:
    """A judge's reply, the model that the endpoint says gave it, and the tokens it cost."""

    reply: str
    model: str
    tokens: int


@dataclass(frozen=True)
class Store:
    """Verdicts of all judges below one folder."""

    folder: Path

    def find(self, model: str, request: Request) -> Verdict | None:
        """The stored verdict on a request to `model`, None if there is none."""
        path = self._path(model, request)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        try:
            return Verdict(**json.loads(text)["verdict"])
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path} is no verdict ({error}); delete it to ask again.") from None

    def keep(self, model: str, request: Request, verdict: Verdict) -> None:
        """Write a verdict; the first one stays."""
        content = {"request": _identity(model, request), "verdict": asdict(verdict)}
        artifacts.write_text(self._path(model, request), json.dumps(content, indent=1) + "\n")

    def _path(self, model: str, request: Request) -> Path:
        text = json.dumps(_identity(model, request), sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        return self.folder / digest[:2] / f"{digest}.json"


def _identity(model: str, request: Request) -> dict[str, Any]:
    return {"model": model, **asdict(request)}
