"""Two halves of the counterfactual sets: words are found in one and counted in the other."""

from __future__ import annotations

import hashlib


def half(set_key: str) -> int:
    """0 or 1, by the hash of the set's key: the same for every model, machine and subset."""
    return hashlib.sha256(f"half:{set_key}".encode()).digest()[0] % 2
