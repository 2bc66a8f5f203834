"""A peer's process: one job at a time, JSON lines in and out, idle in between.

    python -m peers.worker KIND FAMILY CHECKPOINT

First line out: {"variants": [...], "versions": {...}}. A job is {"variant", "questions": [[prompt,
image], ...], "new", "product": [rows, inner, columns]} and is answered by {"texts", "seconds",
"cpu", "gemm"}: wall and CPU seconds, and the FLOP/s of that product, measured right before and
right after. With "memory": true the answer is {"growth"} in MB.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO

import torch

from peers.gemm import product_seconds
from peers.kinds import PACKAGES, loader
from peers.memory import growth
from peers.variant import Question, Variant


def timed(variant: Variant, questions: list[Question], job: dict[str, Any]) -> dict[str, Any]:
    rows, inner, columns = job["product"]
    before = product_seconds(rows, inner, columns)
    started, cpu = time.perf_counter(), time.process_time()
    texts = variant.run(questions, job["new"])
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    beside = [*before, *product_seconds(rows, inner, columns)]
    rate = 2 * rows * inner * columns / statistics.median(beside)
    return {"texts": [t.strip() for t in texts], "seconds": seconds, "cpu": cpu, "gemm": rate}


def replies() -> TextIO:
    """The real standard output; what libraries print there goes to standard error from now on."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return out


def main() -> None:
    kind, family, checkpoint = sys.argv[1:]
    out = replies()
    torch.set_num_threads(1)
    variants = loader(kind, family)(Path(checkpoint))
    versions = {name: version(name) for name in PACKAGES[kind]}
    print(json.dumps({"variants": list(variants), "versions": versions}), file=out)
    for line in sys.stdin:
        job = json.loads(line)
        variant = variants[job["variant"]]
        questions = [Question(prompt, Path(image)) for prompt, image in job["questions"]]
        if job.get("memory"):
            reply = {"growth": growth(variant, questions, job["new"])}
        else:
            reply = timed(variant, questions, job)
        print(json.dumps(reply), file=out)


if __name__ == "__main__":
    main()
