"""Answering a benchmark's questions with one model and one KV scheme.

    answers = answer(model, KVScheme.parse("kv2-t128"), examples, decoding, seed=None)

Engine `reference` runs each prompt alone and whole. Engine `fast` batches prompts and runs the part
that all questions about a picture have in common once, as far as the scheme allows exactly. Both go
through the same cache and token loop, and every row is independent of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from lvlm_compress.benchmarks.types import Decoding, Example
from lvlm_compress.errors import UserError
from lvlm_compress.generation.batches import Room, chunks
from lvlm_compress.generation.engine import Engine
from lvlm_compress.generation.facts import kv_facts
from lvlm_compress.generation.journal import Journal, Row
from lvlm_compress.generation.memory import default_budget
from lvlm_compress.generation.pictures import PictureStore
from lvlm_compress.generation.prepare import Preparer, by_picture
from lvlm_compress.generation.shared_attention import install
from lvlm_compress.generation.stop import Stop
from lvlm_compress.kv.scheme import KVScheme
from lvlm_compress.models.adapter import LoadedModel

Progress = Callable[[int, int], None]
CHUNK = 48
ENGINES = ("fast", "reference")


@dataclass(frozen=True)
class Answers:
    """Rows in the examples' order: `id, cluster, image, prompt, text, seed, prompt_tokens,
    new_tokens, finish`.

    facts: what `facts.Meter` collects, with `engine`, `budget` and `skipped` (id -> reason of the
    examples left out because of their picture).
    """

    rows: list[Row]
    facts: dict[str, Any]


@torch.inference_mode()
def answer(
    model: LoadedModel,
    scheme: KVScheme,
    examples: Sequence[Example],
    decoding: Decoding,
    seed: int | None = None,
    *,
    engine: str = "fast",
    journal: Journal | None = None,
    progress: Progress | None = None,
    on_bad_image: str = "error",
    pictures: PictureStore | None = None,
    budget: int | None = None,
    stop: Stop | None = None,
) -> Answers:
    """Answer all examples that the journal does not hold yet.

    seed: of sampled decoding, None for greedy. progress: called with (answered, total).
    on_bad_image: error or skip. pictures: to share features between the cells of a process. budget:
    KV entries of a batch. stop: ends the run between steps. The journal is closed at the end.

    Raises:
        UserError: a scheme that does not fit the model, a duplicate id, an unusable picture, or
            examples that failed (named; all others are in the journal).
        StoppedError: `stop` was set; finished answers are in the journal.
    """
    _check(model, scheme, examples, decoding, seed, engine)
    wanted = {example.id for example in examples}
    found = {} if journal is None else journal.finished
    rows = {identity: row for identity, row in found.items() if identity in wanted}

    def recorded(row: Row) -> None:
        if journal is not None:
            journal.append(row)
        if progress is not None:
            progress(len(rows), len(examples))

    alone = engine == "reference"
    room = Room(budget or default_budget(model), decoding.max_new_tokens, _copies(model, scheme))
    stop = stop or Stop()
    machine = Engine(model, scheme, decoding, seed, alone, room, stop, recorded, rows)
    pictures = pictures or PictureStore(model)
    preparer = Preparer(model, scheme, pictures, not alone, on_bad_image == "skip")
    left = [example for example in examples if example.id not in rows]
    try:
        for chunk in chunks(by_picture(left), 1 if alone else CHUNK):
            machine.work(preparer.requests(chunk))
    finally:
        if journal is not None:
            journal.close()
    _require_success(machine.failed, len(examples))
    facts = {"engine": engine, "budget": machine.room.budget, "skipped": preparer.skipped}
    ordered = [rows[example.id] for example in examples if example.id in rows]
    stored = kv_facts(ordered, scheme, model.geometry, 8 * model.dtype.itemsize)
    return Answers(ordered, {**machine.meter.facts(), **stored, **facts})


def _copies(model: LoadedModel, scheme: KVScheme) -> bool:
    """Whether a shared part has to be copied into each row.

    It can be attended to in place when it is held as values that will never change.
    """
    final = scheme.order == "before" or scheme.is_identity
    return not (final and scheme.layer_kind == "simulated" and install(model.decoder))


def _check(
    model: LoadedModel,
    scheme: KVScheme,
    examples: Sequence[Example],
    decoding: Decoding,
    seed: int | None,
    engine: str,
) -> None:
    if engine not in ENGINES:
        raise UserError(f"Unknown engine '{engine}'; known are {', '.join(ENGINES)}.")
    if (decoding.temperature > 0) != (seed is not None):
        raise UserError(
            f"Temperature {decoding.temperature} and seed {seed} don't fit: sampled decoding needs "
            "a seed, greedy decoding (temperature 0) has none."
        )
    scheme.validate(model.geometry.kv_heads, model.geometry.head_dim)
    seen: set[str] = set()
    for example in examples:
        if example.id in seen:
            raise UserError(f"Example id '{example.id}' occurs twice; ids must be unique.")
        seen.add(example.id)


def _require_success(failed: dict[str, str], total: int) -> None:
    """Never an empty answer in the place of one that could not be had."""
    if failed:
        first = ", ".join(list(failed)[:5])
        reason = next(iter(failed.values()))
        raise UserError(f"{len(failed)} of {total} examples failed ({first}): {reason}")
