"""Artifacts on disk: written whole or not at all, never overwritten, verified when read.

A JSON-lines artifact begins with a `{"header": ...}` line; a JSON artifact is
`{"header": ..., "body": ...}`. The header holds the specification, what made the artifact and the
sha256 of the rest, so that a file explains and proves itself wherever it is copied.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import socket
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from lvlm_compress.errors import UserError

Header = dict[str, Any]
NO_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS)
NO_FOLDER_SYNC = (errno.EINVAL, errno.ENOTSUP)


def commit(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a file beside `path`, then give it its name in one step.

    The first writer wins: a second one (another run, a retry after a lost node) leaves the finished
    artifact alone. A hard link fails where the name is taken, on NFS too; a file system
    without hard links gets a rename, which replaces a twin of equal content.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{socket.gethostname()}.{os.getpid()}.part")
    try:
        write(part)
        _sync(part)
        try:
            os.link(part, path)
        except FileExistsError:
            pass
        except OSError as error:
            if error.errno not in NO_HARD_LINKS:
                raise
            part.replace(path)
        # Its journals are deleted next: the name must be on the disk before.
        _sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


def commit_folder(
    target: Path, write: Callable[[Path], None], header: Callable[[], Mapping[str, Any]]
) -> None:
    """Let `write` fill a folder beside `target`, add its manifest, then give it its name.

    The manifest holds the header and the sha256 of every file. A finished folder stays as it is;
    one that lost its manifest (Snakemake removes the outputs it knows of) is filled anew.
    """
    part = target.with_name(f".{target.name}.{socket.gethostname()}.{os.getpid()}.part")
    part.mkdir(parents=True)
    try:
        write(part)
        files = [file for file in sorted(part.rglob("*")) if file.is_file()]
        sums = {file.relative_to(part).as_posix(): file_sha256(file) for file in files}
        _write(part / "manifest.json", _dumps({"header": header(), "files": sums}) + "\n")
        for file in [*files, part / "manifest.json"]:
            _sync(file)
        try:
            part.rename(target)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            if not (target / "manifest.json").exists():
                _move_into(part, target)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _move_into(part: Path, target: Path) -> None:
    files = [file for file in part.rglob("*") if file.is_file()]
    for file in sorted(files, key=lambda file: file.name == "manifest.json"):
        place = target / file.relative_to(part)
        place.parent.mkdir(parents=True, exist_ok=True)
        file.replace(place)


def write_text(path: Path, text: str) -> None:
    """Commit a text file."""
    commit(path, lambda part: _write(part, text))


def replace_text(path: Path, text: str) -> None:
    """Write a file that is no artifact and may change; readers see the old text or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{socket.gethostname()}.{os.getpid()}.part")
    try:
        _write(part, text)
        _sync(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_json(path: Path, header: Mapping[str, Any], body: Any) -> None:
    """Commit a JSON artifact."""
    text = _dumps(body)
    write_text(path, _dumps({"header": {**header, "sha256": _sha256(text)}, "body": body}) + "\n")


def read_json(path: Path) -> tuple[Header, Any]:
    """Header and body of a JSON artifact.

    Raises:
        UserError: the file is not an artifact or its content is not what was written.
    """
    record = _parse(path, path.read_text(encoding="utf-8"))
    _verify(path, record["header"], _dumps(record.get("body")))
    return record["header"], record["body"]


def write_lines(path: Path, header: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> None:
    """Commit a JSON-lines artifact."""
    body = "".join(_dumps(row) + "\n" for row in rows)
    write_text(path, _dumps({"header": {**header, "sha256": _sha256(body)}}) + "\n" + body)


def read_lines(path: Path) -> tuple[Header, list[dict[str, Any]]]:
    """Header and rows of a JSON-lines artifact; raises as `read_json`."""
    first, _, body = path.read_text(encoding="utf-8").partition("\n")
    header = _parse(path, first)["header"]
    _verify(path, header, body)
    # Not splitlines(): it would also split at the unusual line ends inside an answer.
    return header, [json.loads(line) for line in body.split("\n") if line]


def read_header(path: Path) -> Header:
    """An artifact's header alone, whatever its kind; the content is not verified."""
    with path.open("rb") as handle:
        if path.suffix == ".safetensors":
            length = int.from_bytes(handle.read(8), "little")
            (metadata,) = json.loads(handle.read(length))["__metadata__"].values()
            return dict(json.loads(metadata))
        text = handle.read() if path.suffix == ".json" else handle.readline()
        return dict(_parse(path, text.decode())["header"])


def file_sha256(path: Path) -> str:
    """Full sha256 of a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _sync(path: Path) -> None:
    """Force a file's or folder's content to the disk (on NFS: to the server)."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(path: Path) -> None:
    try:
        _sync(path)
    except OSError as error:
        if error.errno not in NO_FOLDER_SYNC:
            raise


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        record = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(f"{path} is damaged ({error}); delete it and run again.") from error
    if not isinstance(record, dict) or "header" not in record:
        raise UserError(f"{path} has no header; it is no artifact of this workflow.")
    return record


def _verify(path: Path, header: Header, body: str) -> None:
    if header.get("sha256") != _sha256(body):
        raise UserError(
            f"{path} does not hold what was written (its sha256 differs from its header); "
            "delete it and run again, or copy it anew from where it came."
        )
