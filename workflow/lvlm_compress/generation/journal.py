"""Finished answers on disk while a cell runs: a kill loses at most what was in flight.

A process writes only its own file, `{digest}.{host}.{pid}.jsonl`; a resume reads the files of all
processes that worked on the digest. A line counts once its line feed is there.
"""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path
from typing import Any, TextIO

from lvlm_compress.errors import UserError

Row = dict[str, Any]


class Journal:
    """The journal of one cell in one process.

    Attributes:
        finished: rows found when it was opened, by id.
    """

    def __init__(self, folder: Path, digest: str, fsync_seconds: float = 5.0) -> None:
        self.folder, self.digest, self.fsync_seconds = folder, digest, fsync_seconds
        folder.mkdir(parents=True, exist_ok=True)
        self.finished = _read_all(self._files())
        self._handle: TextIO | None = None
        self._synced = time.monotonic()

    def append(self, row: Row) -> None:
        """Write a finished row; on disk at the latest `fsync_seconds` and one row later.

        Raises UserError when the disk is full; what was written before stays good.
        """
        if self._handle is None:
            self._handle = _create(self.folder, self.digest)
        try:
            self._handle.write(json.dumps(row, ensure_ascii=True) + "\n")
            self._handle.flush()
        except OSError as error:
            raise UserError(
                f"The journal in {self.folder} can't be written: {error.strerror}. Make room and "
                "start again; finished answers are kept."
            ) from error
        if time.monotonic() - self._synced >= self.fsync_seconds:
            self.sync()

    def sync(self) -> None:
        """Force what was appended to the disk."""
        if self._handle is not None:
            os.fsync(self._handle.fileno())
        self._synced = time.monotonic()

    def close(self) -> None:
        """Sync and close; the files stay for a resume."""
        if self._handle is not None:
            self.sync()
            self._handle.close()
            self._handle = None

    def discard(self) -> None:
        """Delete the digest's journals, for its artifact is written; not those of other users."""
        self.close()
        for file in self._files():
            if file.stat().st_uid == os.getuid():
                file.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob(f"{self.digest}.*.jsonl"))


def _create(folder: Path, digest: str) -> TextIO:
    """A new file; a number behind the pid when an earlier process had the same."""
    name = f"{digest}.{socket.gethostname()}.{os.getpid()}"
    tried = 0
    while True:
        file = folder / (f"{name}.jsonl" if not tried else f"{name}-{tried}.jsonl")
        try:
            return file.open("x", encoding="utf-8")
        except FileExistsError:
            tried += 1


def _read_all(files: list[Path]) -> dict[str, Row]:
    """Rows by id; where two processes finished the same example, the first file's row."""
    found: dict[str, Row] = {}
    for file in files:
        for row in _read(file):
            found.setdefault(row["id"], row)
    return found


def _read(file: Path) -> list[Row]:
    """Complete lines of a journal; a torn last line is what a kill leaves and is dropped."""
    *lines, _ = file.read_bytes().split(b"\n")
    try:
        return [json.loads(line) for line in lines]
    except json.JSONDecodeError as error:
        raise UserError(
            f"Journal {file} is damaged ({error}); delete it, its examples are answered again."
        ) from error
