"""The estimate as text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from lvlm_compress.cost.assumptions import assumptions
from lvlm_compress.cost.estimate import Hours, checkpoint_folder, hours, memories, sizes_of
from lvlm_compress.cost.memory import Memory
from lvlm_compress.grid import Grid
from lvlm_compress.settings import Settings

DEVICE = "A6000"
GIB = 2**30
MEMORY_TITLE = (
    "\nGiB for one question at a time: weights + KV (simulated storage holds dequantized values)",
    "+ work of a block's forward pass + features of pictures kept = sum; the sum with weights and",
    "KV packed. Not counted: the GPU's context, allocation gaps, the batches of engine fast.",
)
Needs = Mapping[tuple[str, str], Memory]


def listing(
    settings: Settings, grid: Grid, device_name: str = DEVICE, done: Collection[str] = ()
) -> Iterator[str]:
    """Lines of the estimate: what it rests on, memory a model, hours by each key, the sum."""
    assumed = assumptions()
    device = assumed.device(device_name)
    chosen = [model for model in grid.models if grid.selected("models", model.name)]
    found = {model.name: sizes_of(settings, model) for model in chosen}
    sizes = {name: known for name, known in found.items() if known is not None}
    yield (
        f"Estimated, not measured, for one sample at a time on {device_name} "
        f"({device.source}): sizes from the checkpoints, rates and usual answers from "
        "cost/assumptions.yaml."
    )
    for model in chosen:
        if model.name not in sizes:
            where = checkpoint_folder(settings, model) or model.fields.get("hub")
            yield f"{model.name}: no checkpoint at {where}; left out of every sum."
    if not sizes:
        return
    needed = memories(grid, sizes, assumed)
    packed = memories(grid, sizes, assumed, packed=True)
    yield from _memory_lines(needed, packed, device.memory_gb, device_name)
    spent = list(hours(grid, sizes, device, assumed, done))
    for key in ("model", "benchmark", "compression"):
        yield f"\nGPU-hours by {key}"
        yield from _sums(spent, key)
    yield f"\nGPU-hours in all: {sum(one.hours for one in spent):.2f}"


def _memory_lines(needed: Needs, packed: Needs, room: float, device: str) -> Iterator[str]:
    yield from MEMORY_TITLE
    for (model, compression), need in needed.items():
        parts = (need.weights, need.kv, need.work, need.pictures)
        summed = " + ".join(f"{part / GIB:8.3f}" for part in parts)
        small = f"{packed[model, compression].total / GIB:8.3f}"
        short = "" if need.total <= room * 1e9 else f"  more than one {device}"
        name = f"  {model:16} {compression:26}"
        yield f"{name} {summed} = {need.total / GIB:8.3f}; {small}{short}"


def _sums(spent: Iterable[Hours], key: str) -> Iterator[str]:
    sums: dict[str, float] = defaultdict(float)
    for one in spent:
        sums[getattr(one, key)] += one.hours
    for name, total in sums.items():
        yield f"  {name:30} {total:10.3f}"
