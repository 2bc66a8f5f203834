"""The rate at which this machine multiplies matrices, measured beside what is timed."""

from __future__ import annotations

import time

import torch


def product_seconds(rows: int, inner: int, columns: int, seconds: float = 0.2) -> list[float]:
    """Seconds of each of the fp32 products [rows, inner] x [inner, columns] that fit the time."""
    a, b = torch.randn(rows, inner), torch.randn(inner, columns)
    taken: list[float] = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or len(taken) < 5:
        started = time.perf_counter()
        a @ b
        taken.append(time.perf_counter() - started)
    return taken
