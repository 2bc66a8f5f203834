"""Stopping within seconds when a cluster takes the machine away (SIGTERM)."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class StoppedError(Exception):
    """The run was asked to stop; finished answers are in the journal."""


class Stop:
    """Set from a signal, looked at between steps, so that no write is ever cut in half."""

    def __init__(self) -> None:
        self.requested = False

    def request(self, signum: int = 0, frame: FrameType | None = None) -> None:
        """Ask for the stop; fits as a signal handler."""
        self.requested = True

    def check(self) -> None:
        """Raise StoppedError once asked to stop."""
        if self.requested:
            raise StoppedError("Asked to stop; finished answers are in the journal.")


@contextmanager
def on_sigterm() -> Iterator[Stop]:
    """A `Stop` that SIGTERM sets, while the block runs."""
    stop = Stop()
    before = signal.signal(signal.SIGTERM, stop.request)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)
