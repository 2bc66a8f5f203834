"""A worker as the main process sees it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from peers.environments import ROOT, PeerError, python
from peers.kinds import PROJECT

BENCHMARKS = ROOT / "benchmarks"


class Worker:
    """A peer's process; it computes only between `ask` and its answer.

    Raises:
        PeerError: the process ended; the message is the last line of its log.
    """

    def __init__(self, kind: str, family: str, checkpoint: Path, cache: Path) -> None:
        own = kind == PROJECT
        command = [sys.executable if own else str(python(kind, cache)), "-m", "peers.worker"]
        places = [BENCHMARKS, ROOT / "workflow"] if own else [BENCHMARKS]
        self.log = checkpoint / f"{kind}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, kind, family, str(checkpoint)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment(places),
            )
        self.versions: dict[str, str] = self._read()["versions"]

    def ask(self, job: dict[str, Any]) -> dict[str, Any]:
        """One job's answer."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(job) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise PeerError(self._last_words()) from error
        return self._read()

    def close(self) -> None:
        """End the process: it leaves at the end of its input."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended already
            self.process.stdin.close()
        self.process.wait()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            raise PeerError(self._last_words())
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {self.process.returncode}"


def environment(places: list[Path]) -> dict[str, str]:
    """One thread, no hub, and only the given folders beside the interpreter's own packages."""
    fixed = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    return {**os.environ, **fixed, "PYTHONPATH": os.pathsep.join(map(str, places))}
