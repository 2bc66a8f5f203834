"""How far a cell is, told every few seconds."""

from __future__ import annotations

import logging
import time

log = logging.getLogger("lvlm_compress")
PROGRESS_SECONDS = 2.0


class Progress:
    """Tells every few seconds how many examples are answered, how fast, and the time left."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.started = self.told = time.monotonic()
        self.before: int | None = None

    def __call__(self, done: int, total: int) -> None:
        """Called after each answer with what is done, answers of earlier runs included."""
        now = time.monotonic()
        if self.before is None:
            self.before = done - 1
        if now - self.told >= PROGRESS_SECONDS or done == total:
            self.told = now
            rate = (done - self.before) / max(now - self.started, 1e-9)
            left = (total - done) / rate
            log.info(
                "%s: %d of %d, %.1f examples/s, %.0f s left", self.name, done, total, rate, left
            )
