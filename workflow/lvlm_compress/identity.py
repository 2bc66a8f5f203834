"""Who a folder of weights or data is: a manifest of its files' sha256.

Hashing a large folder takes minutes, so it happens once, in a job of its own, and the result lies
under `identities/` of the store, named by a signature that is cheap to recompute (folder times,
sizes and times of files that are no pictures). A folder that brings a `manifest.json` of its own
is identified by that. Where the folder itself is absent (a laptop with copied results) the newest
identity of its name stands for it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lvlm_compress import artifacts
from lvlm_compress.address import DIGEST_LENGTH, canonical_json, sha256_text
from lvlm_compress.errors import UserError

MANIFEST = "manifest.json"
SMALL_FILE = 4 * 2**20
PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp"})


@dataclass(frozen=True)
class Folder:
    """A folder to identify, and the file its identity will have."""

    kind: str
    name: str
    path: Path
    identity: Path


def known_sha256(store: Path, kind: str, name: str, path: Path) -> str | Folder:
    """The sha256 that stands for a folder, or what has to be identified first.

    Raises:
        UserError: the folder is absent and no identity of it is in the store.
    """
    if (path / MANIFEST).is_file():
        return manifest_sha256(path / MANIFEST)
    if path.is_file() and path.stat().st_size <= SMALL_FILE:
        return artifacts.file_sha256(path)
    base = store / "identities" / kind
    if not path.exists():
        return _newest(base, name, path)
    file = base / f"{name}.{signature(path)}.json"
    if file.is_file():
        return str(artifacts.read_json(file)[1]["sha256"])
    return Folder(kind, name, path, file)


def manifest_sha256(file: Path) -> str:
    """The sha256 of a shipped manifest's content."""
    content = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(content.get("files"), dict):
        raise UserError(f"{file} must hold a map 'files' of relative names to sha256.")
    return sha256_text(canonical_json(content["files"]))


def identify(folder: Folder) -> None:
    """Hash every file of a folder and write its identity."""
    base = folder.path if folder.path.is_dir() else folder.path.parent
    files = {name: artifacts.file_sha256(base / name) for name in _files(folder.path)}
    body = {
        "name": folder.name,
        "files": files,
        "sha256": sha256_text(canonical_json(files)),
    }
    artifacts.write_json(folder.identity, {"kind": "identity"}, body)


def verify_manifest(folder: Path) -> None:
    """Compare a folder's files with the manifest it brings, if any; for small shipped folders."""
    file = folder / MANIFEST
    if not file.is_file():
        return
    for name, expected in json.loads(file.read_text(encoding="utf-8"))["files"].items():
        if not (folder / name).is_file() or artifacts.file_sha256(folder / name) != expected:
            raise UserError(f"{folder / name} differs from {file}; restore the folder.")


def signature(path: Path) -> str:
    """Changes when a file is added, removed or renamed, or a file that is no picture is edited."""
    digest = hashlib.sha256()
    if path.is_file():
        digest.update(f"{path.stat().st_size} {path.stat().st_mtime_ns}".encode())
    for root, folders, names in os.walk(path):
        folders.sort()
        digest.update(f"{os.path.relpath(root, path)} {Path(root).stat().st_mtime_ns}\n".encode())
        for name in sorted(names):
            if Path(name).suffix.lower() not in PICTURES:
                status = Path(root, name).stat()
                digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:DIGEST_LENGTH]


def _files(path: Path) -> Iterator[str]:
    if path.is_file():
        yield path.name
    for root, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            yield os.path.relpath(Path(root, name), path)


def _newest(base: Path, name: str, path: Path) -> str:
    files = sorted(base.glob(f"{name}.*.json"), key=lambda file: file.stat().st_mtime)
    if not files:
        raise UserError(
            f"{path} does not exist, and no identity of '{name}' lies in {base}. "
            "Put the folder there (see data_dir in config.yaml and the grid's paths), "
            "run `snakemake fetch`, or copy a results folder that holds its identity."
        )
    return str(artifacts.read_json(files[-1])[1]["sha256"])
