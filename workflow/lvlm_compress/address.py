"""Addresses: canonical digests of specifications and the artifact paths made of them.

A specification is a flat map of named parts; its digest is the hash of the parts' digests, so that
parts shared by thousands of cells are hashed once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DIGEST_LENGTH = 16


def canonical_json(value: Any) -> str:
    """One text for one value: sorted keys, no blanks, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256_text(text: str) -> str:
    """Full sha256 of a text, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Part:
    """A part of a specification with its digest, made once and shared."""

    value: Any
    digest: str

    @classmethod
    def of(cls, value: Any) -> Part:
        """Wrap a JSON-able value."""
        return cls(value, sha256_text(canonical_json(value)))


def spec_digest(kind: str, parts: Mapping[str, Part]) -> str:
    """16 hex digits that stand for a specification of a kind of artifact."""
    names = "\n".join(f"{name} {parts[name].digest}" for name in sorted(parts))
    return sha256_text(f"{kind}\n{names}")[:DIGEST_LENGTH]


def plain(parts: Mapping[str, Part]) -> dict[str, Any]:
    """The specification as plain JSON values, as artifacts carry it."""
    return {name: part.value for name, part in parts.items()}


def recompute(kind: str, spec: Mapping[str, Any]) -> str:
    """The digest of a specification read back from an artifact."""
    return spec_digest(kind, {name: Part.of(value) for name, value in spec.items()})
