"""Peak memory growth of a run, in a forked process that has weights and libraries in memory."""

from __future__ import annotations

import os
from pathlib import Path

from peers.variant import Question, Variant


def growth(variant: Variant, questions: list[Question], new: int) -> float:
    """Peak over the start in MB; RuntimeError when the run fails."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        for parameter in variant.module.parameters():
            parameter.sum()  # brings in pages that were only mapped
        variant.run([Question("w1 w2 w3", None)], 2)
        Path("/proc/self/clear_refs").write_text("5")  # VmHWM starts anew
        before = resident("VmRSS")
        variant.run(questions, new)
        os.write(write, str(resident("VmHWM") - before).encode())
        os._exit(0)
    os.close(write)
    os.waitpid(pid, 0)
    grown = os.read(read, 64).decode()
    os.close(read)
    if not grown:
        raise RuntimeError("The forked run ended early.")
    return float(grown)


def resident(field: str) -> float:
    """VmRSS (now) or VmHWM (peak) of this process in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{field}:")[1].split()[0]) / 1024
