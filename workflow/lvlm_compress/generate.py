"""Stage: let a model answer a benchmark. One command, one or many cells of one (model, weights).

python -m lvlm_compress.generate CELL... [--plan FILE | --grid G --set K=V]
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lvlm_compress import registry
from lvlm_compress.artifacts import write_lines
from lvlm_compress.benchmarks.types import Decoding, Example
from lvlm_compress.errors import UserError
from lvlm_compress.identity import verify_manifest
from lvlm_compress.kv import KVScheme
from lvlm_compress.provenance import Stopwatch
from lvlm_compress.stages.job import Job, log, run_stage

if TYPE_CHECKING:
    from lvlm_compress.models.adapter import LoadedModel

PACKAGES = ("torch", "transformers", "tokenizers", "pillow")


def make(jobs: list[Job]) -> int:
    """Answer every cell; the model is loaded once, and a failing cell leaves the others alone."""
    loaded: list[LoadedModel] = []
    failed = 0
    for number, job in enumerate(jobs, start=1):
        log.info("cell %d of %d: %s", number, len(jobs), job.name)
        try:
            _one_model(jobs[0], job)
            examples, decoding = question(job)
            if not loaded:
                loaded.append(load_model(job))
            answer_cell(job, loaded[0], examples, decoding)
        except UserError as error:
            log.error("%s: %s", job.name, error)
            failed += 1
    return failed


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
    model = load(spec)
    if "weights" in job.inputs:
        from lvlm_compress.weights.store import load_into

        load_into(model.decoder, job.inputs["weights"], job.run["weight_storage"])
    return model


def answer_cell(
    job: Job, model: LoadedModel, examples: Sequence[Example], decoding: Decoding
) -> None:
    """Answer one cell, with a journal beside the artifact, and write it."""
    from lvlm_compress.generation.journal import Journal
    from lvlm_compress.generation.run import answer

    watch = Stopwatch()
    kv = job.spec["kv"]["scheme"]
    scheme = KVScheme.parse(kv["id"], **{key: kv[key] for key in kv if key != "id"})
    with Journal(job.path.parent, job.digest) as journal:
        rows, facts = answer(
            model,
            scheme,
            examples,
            decoding,
            seed=job.spec["seed"],
            engine=job.spec["engine"],
            journal=journal,
            token_budget=job.runtime["token_budget"],
            on_bad_image=job.spec["task"]["on_bad_image"],
        )
    header = job.header(watch, PACKAGES, str(model.device)) | {"facts": facts}
    write_lines(job.path, header, rows)
    journal.remove()
    log.info("%s: %d answers", job.name, len(rows))


def _one_model(first: Job, job: Job) -> None:
    same = ("model", "weights")
    if any(first.spec[key] != job.spec[key] for key in same):
        raise UserError(f"{job.name} has another model or weights than {first.name}; run it apart.")


if __name__ == "__main__":
    run_stage("generate", ("generation",), make)
