"""The estimate of a grid: hours of every cell, memory of every model and compression."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lvlm_compress.cost.assumptions import Assumptions, Device, Workload
from lvlm_compress.cost.geometry import Geometry, geometry, read_shapes
from lvlm_compress.cost.memory import Memory, memory
from lvlm_compress.cost.seconds import calibration_seconds, cell_seconds
from lvlm_compress.errors import UserError
from lvlm_compress.grid import GREEDY, BenchmarkEntry, Compression, Grid, ModelEntry
from lvlm_compress.settings import Settings

HOUR = 3600


@dataclass(frozen=True)
class Hours:
    """GPU-hours of some cells; benchmark `calibration` is a weight store's."""

    model: str
    compression: str
    benchmark: str
    hours: float


def sizes_of(settings: Settings, model: ModelEntry) -> Geometry | None:
    """A model's sizes, or None where its checkpoint is not on this machine."""
    folder = checkpoint_folder(settings, model)
    shapes = {} if folder is None else read_shapes(folder)
    return geometry(shapes) if shapes else None


def checkpoint_folder(settings: Settings, model: ModelEntry) -> Path | None:
    """The local folder, or the hub cache's at the pinned revision."""
    if "path" in model.fields:
        return settings.path(model.fields["path"])
    from huggingface_hub import try_to_load_from_cache

    hub, revision = model.fields["hub"], model.fields["revision"]
    config = try_to_load_from_cache(hub, "config.json", revision=revision)
    return Path(config).parent if isinstance(config, str) else None


def hours(
    grid: Grid,
    sizes: Mapping[str, Geometry],
    device: Device,
    assumed: Assumptions,
    done: Collection[str] = (),
) -> Iterator[Hours]:
    """Every selected (model, compression, benchmark) whose model's sizes are known.

    done: names of generations (model/compression/benchmark/seed) that need not run, and of weight
    stores (model/weights).
    """
    for model, compression in _pairs(grid, sizes):
        for entry in grid.benchmarks:
            seeds = [str(seed) for seed in entry.seeds if grid.selected("seeds", seed)]
            seeds = seeds if entry.seeds else [GREEDY]
            names = {f"{model.name}/{compression.label}/{entry.name}/{seed}" for seed in seeds}
            cells = len(names.difference(done))
            if cells and grid.selected("benchmarks", entry.name):
                one = _cell(sizes[model.name], model, compression, entry, device, assumed)
                yield Hours(model.name, compression.label, entry.name, cells * one / HOUR)
    for name, scheme in dict.fromkeys((m.name, c.weights) for m, c in _pairs(grid, sizes)):
        if scheme is not None and f"{name}/{scheme}" not in done:
            spent = calibration_seconds(sizes[name], device, assumed) / HOUR
            yield Hours(name, f"{scheme} (calibration)", "calibration", spent)


def memories(
    grid: Grid, sizes: Mapping[str, Geometry], assumed: Assumptions, *, packed: bool = False
) -> dict[tuple[str, str], Memory]:
    """The memory of (model, compression) at the longest usual prompt and answer.

    packed: weights and KV as if the grid stored both packed. Every question counts as a picture of
    its own: few benchmarks fill less than the room for features.
    """
    found = {}
    works = [workload(entry, assumed) for entry in grid.benchmarks]
    text = max(work.prompt + work.answer for work in works)
    pictures = max(work.questions for work in works)
    for model, compression in _pairs(grid, sizes):
        seen = assumed.image_tokens[model.fields["family"]]
        if packed:
            compression = replace(compression, storage="packed", weight_storage="packed")
        dtype = model.fields["dtype"]
        need = memory(sizes[model.name], compression, dtype, text + seen, seen, pictures)
        found[model.name, compression.label] = need
    return found


def workload(entry: BenchmarkEntry, assumed: Assumptions) -> Workload:
    """A benchmark's workload, as far as the grid's entry cuts it down.

    Raises:
        UserError: the assumptions do not know the benchmark.
    """
    if entry.name not in assumed.benchmarks:
        raise UserError(f"cost/assumptions.yaml has no benchmark '{entry.name}'; add its line.")
    work = assumed.benchmarks[entry.name]
    data = entry.fields["data"]
    embedded = data.get("embedded", {}).get("items") if isinstance(data, dict) else None
    counts = [n for n in (work.questions, embedded, entry.fields.get("limit")) if n is not None]
    answer = min(work.answer, entry.fields.get("max_new_tokens", work.answer))
    return replace(work, questions=min(counts), answer=answer)


def _cell(
    sizes: Geometry,
    model: ModelEntry,
    compression: Compression,
    entry: BenchmarkEntry,
    device: Device,
    assumed: Assumptions,
) -> float:
    tokens = assumed.image_tokens[model.fields["family"]]
    dtype, work = model.fields["dtype"], workload(entry, assumed)
    return cell_seconds(sizes, compression, dtype, work, tokens, device, assumed)


def _pairs(grid: Grid, sizes: Mapping[str, Geometry]) -> Iterator[tuple[ModelEntry, Compression]]:
    for model in grid.models:
        if model.name in sizes and grid.selected("models", model.name):
            for compression in grid.compressions:
                if grid.selected("compressions", compression.label):
                    yield model, compression
