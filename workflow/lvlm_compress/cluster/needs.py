"""What a model's cells need: the grid's word, else derived from the checkpoint's headers.

The headers give the number of weights; with the bits of a weight and `cost/assumptions.yaml` they
give bytes and seconds. Where no checkpoint lies there yet, a small job's figures stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import ceil
from typing import Any

from lvlm_compress.cells import Cell
from lvlm_compress.cluster.need import Need
from lvlm_compress.cluster.site import Site
from lvlm_compress.cost.assumptions import Assumptions, Device, Workload, assumptions
from lvlm_compress.cost.estimate import sizes_of, workload
from lvlm_compress.cost.geometry import Geometry
from lvlm_compress.cost.memory import BITS, Memory, memory
from lvlm_compress.cost.seconds import calibration_seconds, cell_seconds
from lvlm_compress.errors import UserError
from lvlm_compress.grid import BenchmarkEntry, Compression, Grid, ModelEntry, parse_compression
from lvlm_compress.settings import Settings

SMALL = Need(gpus=0, memory_mb=2000, minutes=30)
# A BERT that reads some thousand answers.
RATING = Need(gpus=0, memory_mb=3000, minutes=30)
# Python with torch and transformers, and the two Snakemakes around every job.
CPU_BASE_MB, GPU_BASE_MB = 2000, 8000
# A checkpoint's pages count while it is read; on a CPU the model itself and its work stay there.
CPU_COPIES, GPU_COPIES = 2.0, 1.5
# A model of fewer bytes answers as fast on a CPU as it is loaded onto a GPU.
CPU_BYTES = 2**30
# The rest is CUDA's own memory and fragmentation.
GPU_SHARE = 0.85
# Rates are rules of thumb: a limit that is three times too long costs nothing but a place in line.
PATIENCE, START_MINUTES = 3.0, 30


class Needs:
    """Needs of a grid's cells on a site, each distinct one worked out once."""

    def __init__(self, settings: Settings, grid: Grid, site: Site) -> None:
        self.settings, self.site = settings, site
        self.models = {model.name: model for model in grid.models}
        self.compressions = {found.label: found for found in grid.compressions}
        self.benchmarks = {entry.name: entry for entry in grid.benchmarks}
        self.calibration = grid.calibration
        self.sizes: dict[str, Geometry | None] = {}
        self._known: dict[tuple[str, ...], Need] = {}

    def of(self, cell: Cell) -> Need:
        """The need of a weight store, a generation or its toxicities."""
        key = (cell.kind, *[cell.labels[name] for name in sorted(cell.labels) if name != "seed"])
        if key not in self._known:
            self._known[key] = self._of(cell)
        return self._known[key]

    def _of(self, cell: Cell) -> Need:
        if cell.kind == "toxicities":
            return RATING
        model = self.models[cell.labels["model"]]
        given: Mapping[str, int] = model.fields.get("resources", {})
        if set(given) == {"gpus", "memory_mb", "minutes"}:
            return Need(**given)
        sizes = self._size_of(model)
        derived = SMALL if sizes is None else self._derived(cell, model, sizes)
        return Need(**{**vars(derived), **given})

    def _derived(self, cell: Cell, model: ModelEntry, sizes: Geometry) -> Need:
        device = card(assumptions(), self.site.gpu_memory_gb)
        if cell.kind == "weights":
            tokens = self.calibration["samples"] * self.calibration["block"]
            held = memory(sizes, Compression("fp16"), model.fields["dtype"], tokens, image_tokens=0)
            seconds = calibration_seconds(sizes, device, assumptions())
            # Every layer sees all blocks at once, and no layer keeps K and V.
            return need(model, sizes, replace(held, kv=0.0), seconds, self.site)
        label = cell.labels["compression"]
        # A lexicon's answers are uncompressed, also in a grid that lacks them.
        compression = self.compressions.get(label) or parse_compression(label)
        work = work_of(self.benchmarks[cell.labels["benchmark"]], assumptions())
        image = image_tokens(model, assumptions())
        seconds = cell_seconds(
            sizes, compression, model.fields["dtype"], work, image, device, assumptions()
        )
        tokens = work.prompt + work.answer + image
        held = memory(sizes, compression, model.fields["dtype"], tokens, image)
        return need(model, sizes, held, seconds, self.site)

    def _size_of(self, model: ModelEntry) -> Geometry | None:
        """None where nothing is to be read: the job itself then says what is wrong."""
        if model.name not in self.sizes:
            try:
                self.sizes[model.name] = sizes_of(self.settings, model)
            except UserError:
                self.sizes[model.name] = None
        return self.sizes[model.name]


def need(model: ModelEntry, sizes: Geometry, held: Memory, seconds: float, site: Site) -> Need:
    """A job's need from what it holds on its device and its seconds on a GPU."""
    if model.fields["device_map"] == "cpu" or dense_bytes(model, sizes) < CPU_BYTES:
        total = CPU_COPIES * held.weights + held.kv + held.work + held.pictures
        return Need(0, CPU_BASE_MB + ceil(total / 1e6), SMALL.minutes)
    return Need(
        gpus=gpu_count(held, site),
        memory_mb=GPU_BASE_MB + ceil(GPU_COPIES * held.weights / 1e6),
        minutes=START_MINUTES + ceil(PATIENCE * seconds / 60),
    )


def gpu_count(held: Memory, site: Site) -> int:
    """GPUs over which weights, KV cache and activations spread."""
    return ceil(held.total / (GPU_SHARE * site.gpu_memory_gb * 1e9))


def dense_bytes(model: ModelEntry, sizes: Geometry) -> float:
    """Bytes of the uncompressed weights."""
    return sizes.parameters * BITS[model.fields["dtype"]] / 8


def card(assumed: Assumptions, memory_gb: int) -> Device:
    """The slowest known card of a memory size, or of the next smaller one."""
    devices = list(assumed.devices.values())
    fitting = [device.memory_gb for device in devices if device.memory_gb <= memory_gb]
    size = max(fitting, default=min(device.memory_gb for device in devices))
    return min((d for d in devices if d.memory_gb == size), key=lambda d: d.tflops)


def work_of(entry: BenchmarkEntry, assumed: Assumptions) -> Workload:
    """A benchmark's workload; of one that the assumptions lack, the most questions of any."""
    if entry.name in assumed.benchmarks:
        return workload(entry, assumed)
    return max(assumed.benchmarks.values(), key=lambda work: work.questions)


def image_tokens(model: ModelEntry, assumed: Assumptions) -> int:
    """Tokens of a picture; of a family that the assumptions lack, the most of any."""
    known: Mapping[str, Any] = assumed.image_tokens
    return int(known.get(model.fields["family"], max(known.values())))
