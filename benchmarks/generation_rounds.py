"""Paired rounds: every variant once a round, in an order that rotates, one at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from generation_floor import prompt_tokens, widest_product, workload_flops
from peers.environments import PeerError
from peers.kinds import BASELINE, LOSSLESS

from lvlm_compress.benchmarks.types import Example


class Asked(Protocol):
    """Something that answers jobs: `peers.process.Worker`, or a test's own."""

    def ask(self, job: dict[str, Any]) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Run:
    """One timed run of a variant: wall and CPU seconds, FLOP/s of the product measured beside."""

    round: int
    seconds: float
    cpu: float
    gemm: float


@dataclass
class Case:
    """All rounds of one workload. lost: variant -> why it was not measured here."""

    images: int
    image_tokens: int
    per_image: int
    new: int
    flops: float
    runs: dict[str, list[Run]] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)


def measure(
    workers: dict[str, Asked],
    geometry: dict[str, Any],
    examples: list[Example],
    per_image: int,
    new: int,
    rounds: int,
) -> Case:
    """One workload, answered `rounds` times by each variant after a run that only warms up.

    workers: variant -> who answers.

    Raises:
        SystemExit: a variant that loses nothing answers differently from transformers at batch 1,
            or an answer is not `new` words long.
    """
    tokens = [prompt_tokens(geometry, example.prompt) for example in examples]
    flops = workload_flops(geometry, tokens, per_image, new)
    images = len(examples) // per_image
    case = Case(images, geometry["picture"]["tokens"], per_image, new, flops)
    asked = [[example.prompt, str(example.image.path)] for example in examples if example.image]
    job = {"questions": asked, "new": new, "product": widest_product(geometry, tokens)}
    expected = workers[BASELINE].ask({**job, "variant": BASELINE})["texts"]
    names = list(workers)
    for name in names:
        if name != BASELINE:
            one_run(case, workers[name], job, name, None, expected)
    for turn in range(rounds):
        start = turn % len(names)
        for name in names[start:] + names[:start]:
            if name not in case.lost:
                one_run(case, workers[name], job, name, turn, expected)
    return case


def one_run(
    case: Case, worker: Asked, job: dict[str, Any], name: str, turn: int | None, expected: list[str]
) -> None:
    """Answer once; the time counts unless `turn` is None."""
    try:
        reply = worker.ask({**job, "variant": name})
    except PeerError as error:
        if name == BASELINE:
            raise
        case.lost[name] = str(error)
        case.runs.pop(name, None)
        return
    check(name, reply["texts"], expected, job["new"])
    if turn is not None:
        run = Run(turn, reply["seconds"], reply["cpu"], reply["gemm"])
        case.runs.setdefault(name, []).append(run)


def check(name: str, texts: list[str], expected: list[str], new: int) -> None:
    """Stop unless the answers are whole and, from a variant that loses nothing, the expected."""
    if any(len(text.split()) != new for text in texts) or len(texts) != len(expected):
        raise SystemExit(f"'{name}' did not answer every question in {new} words; no speed counts.")
    differing = [i for i, text in enumerate(texts) if text != expected[i]]
    if name in LOSSLESS and differing:
        where = f"questions {differing} differently from '{BASELINE}'"
        raise SystemExit(f"'{name}' answers {where}; no speed counts.")
