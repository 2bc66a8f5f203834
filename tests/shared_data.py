"""Real data files that tests may use in place and the repository does not hold."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def shared(name: str) -> Path:
    """Folder or file of the shared data; the test is skipped where it is absent."""
    base = Path(os.environ.get("LVLM_SHARED_DATA", ROOT.parent / "shared" / "data"))
    path = base / name
    if not path.exists():
        pytest.skip(f"needs real data: {name} is not below LVLM_SHARED_DATA")
    return path
