"""What can't be answered is refused before anything is loaded or run."""

from __future__ import annotations

from collections.abc import Sequence

from lvlm_compress.benchmarks.types import Decoding, Example
from lvlm_compress.errors import UserError
from lvlm_compress.kv.scheme import KVScheme
from lvlm_compress.models.adapter import LoadedModel

ENGINES = ("fast", "reference")


def check_engine(engine: str) -> None:
    """UserError for an unknown engine."""
    if engine not in ENGINES:
        raise UserError(f"Unknown engine '{engine}'; known are {', '.join(ENGINES)}.")


def check_examples(examples: Sequence[Example]) -> None:
    """UserError for an id that occurs twice."""
    seen: set[str] = set()
    for example in examples:
        if example.id in seen:
            raise UserError(f"Example id '{example.id}' occurs twice; ids must be unique.")
        seen.add(example.id)


def check_cell(model: LoadedModel, scheme: KVScheme, decoding: Decoding, seed: int | None) -> None:
    """UserError for a scheme that does not fit the model, or a seed that the decoding lacks."""
    if (decoding.temperature > 0) != (seed is not None):
        raise UserError(
            f"Temperature {decoding.temperature} and seed {seed} don't fit: sampled decoding needs "
            "a seed, greedy decoding (temperature 0) has none."
        )
    scheme.validate(model.geometry.kv_heads, model.geometry.head_dim)


def refusal(
    model: LoadedModel, scheme: KVScheme, decoding: Decoding, seed: int | None
) -> UserError | None:
    """Why a cell can't be answered with a model, as `check_cell` says."""
    try:
        check_cell(model, scheme, decoding, seed)
    except UserError as error:
        return error
    return None


def check_complete(wanted: set[str], found: set[str]) -> None:
    """RuntimeError when an example was lost: neither answered, failed nor skipped."""
    lost = sorted(wanted - found)
    if lost:
        raise RuntimeError(
            f"{len(lost)} examples were lost by the engine, {lost[0]} for one; this is a defect."
        )


def check_success(failed: dict[str, str], total: int) -> None:
    """UserError when examples failed: never an empty answer in the place of one that is not had."""
    if failed:
        first = ", ".join(list(failed)[:5])
        reason = next(iter(failed.values()))
        raise UserError(f"{len(failed)} of {total} examples failed ({first}): {reason}")
