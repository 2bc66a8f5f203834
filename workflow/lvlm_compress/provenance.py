"""What made an artifact: versions, host, device, time and memory."""

from __future__ import annotations

import platform
import resource
import socket
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any


@dataclass(frozen=True)
class Stopwatch:
    """Started when a stage starts; its `facts` go into the artifact's header."""

    wall: float = field(default_factory=time.monotonic)
    cpu: float = field(default_factory=time.process_time)

    def facts(self) -> dict[str, Any]:
        """Seconds of wall clock and processor and the process's peak memory in bytes so far."""
        return {
            "wall_seconds": round(time.monotonic() - self.wall, 3),
            "cpu_seconds": round(time.process_time() - self.cpu, 3),
            "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }


def provenance(packages: Iterable[str], device: str = "cpu") -> dict[str, Any]:
    """The header's account of the machine and the software at work."""
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "host": socket.gethostname(),
        "device": device,
        "platform": platform.platform(),
        "python": sys.version.split()[0],
        "versions": {name: version(name) for name in packages},
    }
