"""Stage: let a model answer a benchmark. One command, one or many cells of one (model, weights).

python -m lvlm_compress.generate CELL... [--plan FILE | --grid G --set K=V]
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lvlm_compress import registry
from lvlm_compress.artifacts import write_lines
from lvlm_compress.benchmarks.types import Decoding, Example
from lvlm_compress.errors import UserError
from lvlm_compress.identity import verify_manifest
from lvlm_compress.kv import KVScheme
from lvlm_compress.provenance import Stopwatch
from lvlm_compress.stages.job import Job, each, log, run_stage

if TYPE_CHECKING:
    from lvlm_compress.generation.pictures import PictureStore
    from lvlm_compress.models.adapter import LoadedModel

PACKAGES = ("torch", "transformers", "tokenizers", "pillow")
PROGRESS_SECONDS = 2.0


def make(jobs: list[Job]) -> int:
    """Answer every cell; the model is loaded once, and a failing cell leaves the others alone."""
    worker = Worker()
    return each(jobs, worker.make)


class Worker:
    """Serves cells of one model and weights, loaded when the first cell is ready for it."""

    def __init__(self) -> None:
        self.first: Job | None = None
        self.model: LoadedModel | None = None
        self.pictures: PictureStore | None = None

    def make(self, job: Job) -> None:
        """Answer one cell; its questions are read before any model is loaded."""
        examples, decoding = question(job)
        self.first = self.first or job
        if _weights(self.first) != _weights(job):
            raise UserError(
                f"{job.name} has another model or weights than {self.first.name}; run it apart."
            )
        if self.model is None or self.pictures is None:
            from lvlm_compress.generation.pictures import PictureStore

            self.model = load_model(job)
            self.pictures = PictureStore(self.model)
        answer_cell(job, self.model, self.pictures, examples, decoding)


def _weights(job: Job) -> tuple[Any, ...]:
    return job.spec["model"], job.spec["weights"], job.run["weight_storage"]


def question(job: Job) -> tuple[list[Example], Decoding]:
    """A cell's examples and how they are answered, as its benchmark's task says.

    Raises:
        UserError: data that can't be read, an option the task doesn't know, sampling without seeds.
    """
    task = registry.load(registry.benchmark_module(job.run["benchmark"], "task"))
    fields = job.spec["task"]
    decoding = decoding_of(task.DECODING, fields)
    if (decoding.temperature > 0) != (job.spec["seed"] is not None):
        raise UserError(
            f"benchmarks.{job.run['benchmark']} of the grid: sampling at temperature "
            f"{decoding.temperature} and `seeds` go together; give both or neither."
        )
    examples = task.load(Path(job.run["data"]), fields.get("limit"), **fields["options"])
    if not examples:
        raise UserError(f"{job.run['data']} holds no question for {job.run['benchmark']}.")
    return examples, decoding


def decoding_of(official: Decoding, fields: dict[str, Any]) -> Decoding:
    """The task's decoding with the grid's overrides."""
    return Decoding(
        max_new_tokens=fields.get("max_new_tokens", official.max_new_tokens),
        temperature=fields.get("temperature", official.temperature),
        top_p=official.top_p,
        top_k=official.top_k,
    )


def load_model(job: Job) -> LoadedModel:
    """The cell's model with its weights, on its device."""
    import torch

    from lvlm_compress.models.families import load
    from lvlm_compress.models.spec import ModelSpec

    torch.set_num_threads(job.runtime["threads"])
    spec = ModelSpec.of(job.run["model"])
    if spec.path is not None:
        verify_manifest(spec.path)
    store = job.inputs.get("weights")
    if store is not None and job.run["weight_storage"] == "packed":
        from lvlm_compress.weights.loading import packed_store

        return load(replace(spec, quantization=packed_store(store)))
    model = load(spec)
    if store is not None:
        from lvlm_compress.weights.store import load_into

        load_into(model.decoder, store)
    return model


def answer_cell(
    job: Job,
    model: LoadedModel,
    pictures: PictureStore,
    examples: Sequence[Example],
    decoding: Decoding,
) -> None:
    """Answer one cell, with a journal beside the artifact, and write it."""
    from lvlm_compress.generation.journal import Journal
    from lvlm_compress.generation.run import answer
    from lvlm_compress.generation.stop import StoppedError, on_sigterm

    watch = Stopwatch()
    kv = job.spec["kv"]["scheme"]
    scheme = KVScheme.parse(kv["id"], **{key: kv[key] for key in kv if key != "id"})
    journal = Journal(job.path.parent, job.digest)
    with on_sigterm() as stop:
        try:
            answers = answer(
                model,
                scheme,
                examples,
                decoding,
                job.spec["seed"],
                engine=job.spec["engine"],
                journal=journal,
                progress=Progress(job.name),
                on_bad_image=job.spec["task"]["on_bad_image"],
                pictures=pictures,
                budget=job.runtime.get("token_budget"),
                stop=stop,
            )
        except StoppedError as stopped:
            raise SystemExit(f"{job.name}: {stopped}") from stopped
    facts = answers.facts | {"weight_bytes": weight_bytes(job, model)}
    header = job.header(watch, PACKAGES, str(model.device)) | {"facts": facts}
    write_lines(job.path, header, answers.rows)
    journal.discard()


def weight_bytes(job: Job, model: LoadedModel) -> int:
    """Bytes of a model's weights as its compression stores them, wherever it is simulated."""
    from lvlm_compress.weights.linears import quantized_linears

    tensors = [*model.model.parameters(), *model.model.buffers()]
    held: int = sum(tensor.nbytes for tensor in tensors)
    store = job.inputs.get("weights")
    if store is None or job.run["weight_storage"] == "packed":
        return held
    linears = quantized_linears(model.decoder).values()
    dense: int = sum(linear.weight.nbytes for linear in linears)
    return held - dense + store.stat().st_size


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


if __name__ == "__main__":
    run_stage("generate", ("generation",), make)
