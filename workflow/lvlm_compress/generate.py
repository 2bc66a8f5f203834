"""Stage: let a model answer a benchmark. One command, one or many cells of one (model, weights).

python -m lvlm_compress.generate CELL... [--plan FILE | --grid G --set K=V]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lvlm_compress import registry
from lvlm_compress.artifacts import write_lines
from lvlm_compress.benchmarks.types import Decoding, Example
from lvlm_compress.errors import UserError
from lvlm_compress.generation.branch import prompts_alike
from lvlm_compress.generation.progress import Progress
from lvlm_compress.identity import verify_manifest
from lvlm_compress.kv import KVScheme
from lvlm_compress.provenance import Stopwatch
from lvlm_compress.stages.job import Job, log, run_stage

if TYPE_CHECKING:
    from lvlm_compress.generation.pictures import PictureStore
    from lvlm_compress.generation.static_decoder import StaticDecoder
    from lvlm_compress.models.adapter import LoadedModel

PACKAGES = ("torch", "transformers", "tokenizers", "pillow")


def make(jobs: Sequence[Job]) -> int:
    """Answer every cell and return how many failed; see `outcomes`."""
    return sum(reason is not None for reason in outcomes(jobs).values())


def outcomes(jobs: Sequence[Job]) -> dict[str, str | None]:
    """Answer every cell; the model is loaded once, and a failing cell leaves the others alone.

    Returns by digest why a cell failed, None for one that is written.
    """
    worker = Worker()
    found: dict[str, str | None] = {}
    for group in together(jobs):
        for job, error in zip(group, worker.make(group), strict=True):
            found[job.digest] = None if error is None else str(error)
    return found


def together(jobs: Sequence[Job]) -> list[list[Job]]:
    """Cells that can share each prompt, grouped in the order of their first."""
    groups: list[list[Job]] = []
    for job in jobs:
        fitting = (group for group in groups if _alike(group[0], job))
        group = next(fitting, None)
        if group is None:
            groups.append([job])
        else:
            group.append(job)
    return groups


def _alike(first: Job, job: Job) -> bool:
    asked = ("model", "weights", "data", "task", "engine")
    same = all(first.spec[key] == job.spec[key] for key in asked) and first.run == job.run
    return same and prompts_alike(scheme_of(first), scheme_of(job))


class Worker:
    """Serves cells of one model and weights, loaded when the first cell is ready for it."""

    def __init__(self) -> None:
        self.first: Job | None = None
        self.model: LoadedModel | None = None
        self.pictures: PictureStore | None = None
        self.recorded: StaticDecoder | None = None

    def make(self, jobs: Sequence[Job]) -> list[UserError | None]:
        """Answer cells that share their prompts; returns, and logs, why a cell failed.

        Their questions are read before any model is loaded.
        """
        for job in jobs:
            log.info("generation: %s", job.name)
        try:
            examples, decoding = question(jobs[0])
            found = self._answer(jobs, examples, decoding)
        except UserError as error:
            found = [error] * len(jobs)
        for job, problem in zip(jobs, found, strict=True):
            if problem is not None:
                log.error("%s: %s", job.name, problem)
        return found

    def _answer(
        self, jobs: Sequence[Job], examples: Sequence[Example], decoding: Decoding
    ) -> list[UserError | None]:
        self.first = self.first or jobs[0]
        if _weights(self.first) != _weights(jobs[0]):
            raise UserError(
                f"{jobs[0].name} has another model or weights than {self.first.name}; run it apart."
            )
        if self.model is None or self.pictures is None or self.recorded is None:
            from lvlm_compress.generation.pictures import PictureStore, default_loaders
            from lvlm_compress.generation.static_decoder import StaticDecoder

            self.model = load_model(jobs[0])
            self.recorded = StaticDecoder(self.model)
            self.pictures = PictureStore(
                self.model, loaders=jobs[0].runtime.get("loaders", default_loaders(self.model))
            )
        return answer_cells(jobs, self.model, self.pictures, self.recorded, examples, decoding)


def _weights(job: Job) -> tuple[Any, ...]:
    return job.spec["model"], job.spec["weights"], job.run["weight_storage"]


def scheme_of(job: Job) -> KVScheme:
    """A cell's KV scheme."""
    kv = job.spec["kv"]["scheme"]
    return KVScheme.parse(kv["id"], **{key: kv[key] for key in kv if key != "id"})


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


def answer_cells(
    jobs: Sequence[Job],
    model: LoadedModel,
    pictures: PictureStore,
    recorded: StaticDecoder,
    examples: Sequence[Example],
    decoding: Decoding,
) -> list[UserError | None]:
    """Answer cells, each with a journal beside its artifact, and write them.

    Returns why a cell failed, None for one that is written.
    """
    from lvlm_compress.generation.invariance import against_reference
    from lvlm_compress.generation.journal import Journal
    from lvlm_compress.generation.run import Asked, Options, answer_together
    from lvlm_compress.generation.stop import StoppedError, on_sigterm

    watch = Stopwatch()
    journals = [Journal(job.path.parent, job.digest) for job in jobs]
    cells = [
        Asked(scheme_of(job), job.spec["seed"], journal, Progress(job.name))
        for job, journal in zip(jobs, journals, strict=True)
    ]
    spec, runtime = jobs[0].spec, jobs[0].runtime
    with on_sigterm() as stop:
        options = Options(
            engine=spec["engine"],
            on_bad_image=spec["task"]["on_bad_image"],
            pictures=pictures,
            budget=runtime.get("token_budget"),
            stop=stop,
            graphs=runtime["graphs"],
            recorded=recorded,
        )
        try:
            found = answer_together(model, cells, examples, decoding, options)
        except StoppedError as stopped:
            names = ", ".join(job.name for job in jobs)
            raise SystemExit(f"{names}: {stopped}") from stopped
    for job, journal, answers in zip(jobs, journals, found, strict=True):
        if isinstance(answers, UserError):
            continue
        facts = answers.facts | {"weight_bytes": weight_bytes(job, model)}
        if spec["engine"] == "fast" and model.dtype.itemsize == 2:
            asked = (scheme_of(job), examples, decoding, job.spec["seed"])
            facts["against_reference"] = against_reference(model, *asked, answers.rows, pictures)
        header = job.header(watch, PACKAGES, str(model.device)) | {"facts": facts}
        write_lines(job.path, header, answers.rows)
        journal.discard()
    return [answers if isinstance(answers, UserError) else None for answers in found]


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


if __name__ == "__main__":
    run_stage("generate", ("generation",), make)
