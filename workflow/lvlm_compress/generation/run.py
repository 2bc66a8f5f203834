"""Answering a benchmark's questions with one model.

    answers = answer(model, KVScheme.parse("kv2-t128"), examples, decoding, seed=None)

Engine `reference` runs each prompt alone and whole. Engine `fast` batches prompts and runs the part
that all questions about a picture have in common once, as far as the scheme allows exactly. Both go
through the same cache and token loop, and every row is independent of the others. Cells that differ
in their seed only, or whose schemes leave a prompt untouched (`branch.prompts_alike`), may be
answered together: each prompt is run once for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from lvlm_compress.benchmarks.types import Decoding, Example
from lvlm_compress.errors import UserError
from lvlm_compress.generation import checks
from lvlm_compress.generation.batches import Room, chunks
from lvlm_compress.generation.branch import Branch
from lvlm_compress.generation.engine import Engine
from lvlm_compress.generation.facts import kv_facts
from lvlm_compress.generation.journal import Journal, Row
from lvlm_compress.generation.memory import default_budget
from lvlm_compress.generation.pictures import PictureStore
from lvlm_compress.generation.prepare import Preparer, by_picture
from lvlm_compress.generation.shared_attention import install
from lvlm_compress.generation.static_decoder import StaticDecoder, can_decode
from lvlm_compress.generation.stop import Stop
from lvlm_compress.kv.scheme import KVScheme
from lvlm_compress.models.adapter import LoadedModel

Progress = Callable[[int, int], None]
CHUNK = 48


@dataclass(frozen=True)
class Answers:
    """Rows in the examples' order: `id, cluster, image, prompt, text, seed, prompt_tokens,
    new_tokens, finish`.

    facts: what `facts.Meter` collects, with `answered`, `engine`, `budget` and `skipped` (id ->
    reason of the examples left out because of their picture).
    """

    rows: list[Row]
    facts: dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """A cell to answer.

    Attributes:
        seed: of sampled decoding, None for greedy.
        journal: holds finished answers, which are not made again; closed at the end.
        progress: called with (answered, total).
    """

    scheme: KVScheme
    seed: int | None = None
    journal: Journal | None = None
    progress: Progress | None = None


@dataclass(frozen=True)
class Options:
    """How a run goes; only `engine` and `on_bad_image` can touch an answer.

    Attributes:
        engine: fast or reference.
        on_bad_image: error or skip.
        pictures: to share features between the cells of a process.
        budget: KV entries of a batch.
        stop: ends the run between steps.
        graphs: decode by recorded steps where they serve (`static_decoder.can_decode`).
        recorded: to share those between the cells of a process.
    """

    engine: str = "fast"
    on_bad_image: str = "error"
    pictures: PictureStore | None = None
    budget: int | None = None
    stop: Stop | None = None
    graphs: bool = True
    recorded: StaticDecoder | None = None


def answer(
    model: LoadedModel,
    scheme: KVScheme,
    examples: Sequence[Example],
    decoding: Decoding,
    seed: int | None = None,
    *,
    journal: Journal | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Answers:
    """Answer all examples of one cell; see `Asked`, `Options` and `answer_together`."""
    asked = Asked(scheme, seed, journal, progress)
    (found,) = answer_together(model, [asked], examples, decoding, Options(**options))
    if isinstance(found, UserError):
        raise found
    return found


@torch.inference_mode()
def answer_together(
    model: LoadedModel,
    cells: Sequence[Asked],
    examples: Sequence[Example],
    decoding: Decoding,
    options: Options,
) -> list[Answers | UserError]:
    """Answer all examples of several cells, each prompt run once for all that lack its answer.

    The schemes must be alike (`branch.prompts_alike`). A cell whose scheme does not fit the model,
    or of which examples failed, gets the UserError that says so (finished answers are in its
    journal); the other cells are not touched.

    Raises:
        UserError: an unknown engine, a duplicate id, an unusable picture.
        StoppedError: `stop` was set; finished answers are in the journals.
    """
    checks.check_engine(options.engine)
    checks.check_examples(examples)
    refused = [checks.refusal(model, cell.scheme, decoding, cell.seed) for cell in cells]
    fitting = [cell for cell, error in zip(cells, refused, strict=True) if error is None]
    found = iter(_answered(model, fitting, examples, decoding, options) if fitting else [])
    return [next(found) if error is None else error for error in refused]


def _answered(
    model: LoadedModel,
    cells: Sequence[Asked],
    examples: Sequence[Example],
    decoding: Decoding,
    options: Options,
) -> list[Answers | UserError]:
    alone = options.engine == "reference"
    branches = [_branch(cell, examples) for cell in cells]
    static = _static(model, cells, options)
    copies = any(_copies(model, cell.scheme) for cell in cells)
    budget = options.budget or default_budget(model, static.nbytes if static else 0)
    room = Room(budget, decoding.max_new_tokens, copies)
    machine = Engine(model, decoding, alone, room, options.stop or Stop(), static)
    pictures = options.pictures or PictureStore(model)
    skip = options.on_bad_image == "skip"
    preparer = Preparer(model, branches, pictures, not alone, skip)
    left = [e for e in examples if any(branch.pending(e.id) for branch in branches)]
    groups = by_picture(left)
    pictures.expect(group[0].image for group in groups if group[0].image is not None)
    try:
        for chunk in chunks(groups, 1 if alone else CHUNK):
            machine.work(preparer.requests(chunk))
    finally:
        for cell in cells:
            if cell.journal is not None:
                cell.journal.close()
    run = {"engine": options.engine, "budget": machine.room.budget, "skipped": preparer.skipped}
    run |= machine.meter.facts(sum(branch.answered for branch in branches), len(cells))
    return [_answers(model, branch, examples, run) for branch in branches]


def _branch(cell: Asked, examples: Sequence[Example]) -> Branch:
    wanted = {example.id for example in examples}
    found = {} if cell.journal is None else cell.journal.finished
    rows = {identity: row for identity, row in found.items() if identity in wanted}
    return Branch(cell.scheme, cell.seed, partial(_recorded, cell, rows, len(examples)), rows)


def _recorded(cell: Asked, rows: dict[str, Row], total: int, row: Row) -> None:
    if cell.journal is not None:
        cell.journal.append(row)
    if cell.progress is not None:
        cell.progress(len(rows), total)


def _answers(
    model: LoadedModel, branch: Branch, examples: Sequence[Example], run: dict[str, Any]
) -> Answers | UserError:
    try:
        checks.check_success(branch.failed, len(examples))
    except UserError as error:
        return error
    wanted = {example.id for example in examples}
    checks.check_complete(wanted, {*branch.rows, *run["skipped"]})
    ordered = [branch.rows[example.id] for example in examples if example.id in branch.rows]
    stored = kv_facts(ordered, branch.scheme, model.geometry, 8 * model.dtype.itemsize)
    return Answers(ordered, {"answered": branch.answered, **run, **stored})


def _static(model: LoadedModel, cells: Sequence[Asked], options: Options) -> StaticDecoder | None:
    """Recorded decoding where it serves."""
    if not options.graphs or not can_decode(model, [cell.scheme for cell in cells]):
        return None
    return options.recorded or StaticDecoder(model)


def _copies(model: LoadedModel, scheme: KVScheme) -> bool:
    """Whether a shared part has to be copied into each row.

    It can be attended to in place when it is held as values that will never change.
    """
    final = scheme.order == "before" or scheme.is_identity
    return not (final and scheme.layer_kind == "simulated" and install(model.decoder))
