"""Decoding a batch by recorded steps: which one fits it, and moving its K and V there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

import torch
from torch import Tensor

from lvlm_compress.generation.decode import Flight
from lvlm_compress.generation.flat_memory import FlatMemory
from lvlm_compress.generation.rows import Rows
from lvlm_compress.generation.shared_attention import NAME, SharedPart
from lvlm_compress.generation.static_part import PartShape, StaticPart
from lvlm_compress.generation.static_step import Rooms, StaticStep
from lvlm_compress.kv.scheme import KVScheme
from lvlm_compress.kv.simulated_layer import Layer
from lvlm_compress.models.adapter import LoadedModel

ROWS, COLUMNS = 4, 256


def can_decode(model: LoadedModel, schemes: Sequence[KVScheme]) -> bool:
    """Whether recorded steps serve a model and its schemes: one GPU, sdpa, K and V as values."""
    devices = {parameter.device for parameter in model.decoder.parameters()}
    if len(devices) != 1 or next(iter(devices)).type != "cuda":
        return False
    attention = model.decoder.config._attn_implementation  # type: ignore[union-attr]
    simulated = all(scheme.layer_kind == "simulated" for scheme in schemes)
    return simulated and attention in ("sdpa", NAME)


@dataclass(frozen=True)
class StepShape:
    """What a step is recorded for: rows, columns of K and V, and the shared part."""

    rows: int
    columns: int
    part: PartShape | None


@dataclass
class StaticDecoder:
    """Keeps rooms for K and V, and a recorded step for every shape that was needed.

    Only one batch is decoded at a time, so all shapes lie in the same memory. One decoder serves
    all cells of a process, so that each shape is recorded once.

    Attributes:
        record: see `StaticStep`.
        rooms, parts: memory of the rows' own K and V, and of shared parts.
    """

    model: LoadedModel
    record: bool = True
    steps: dict[StepShape, StaticStep] = field(default_factory=dict)
    rooms: FlatMemory = field(default_factory=FlatMemory)
    parts: FlatMemory = field(default_factory=FlatMemory)
    step: StaticStep | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of the rooms."""
        return self.rooms.nbytes + self.parts.nbytes

    def advance(self, flight: Flight, tokens: int) -> None:
        """Run the last token of every row; as `decode.advance` does, to the same answers.

        tokens: that a row may still get, to make room for.
        """
        rows = flight.rows
        layers = _layers(rows)
        if self.step is None or not _at_home(layers[0], self.step):
            self.step = self._settled(rows, tokens)
        due = layers[0].triggered()
        for layer in layers if due else ():
            layer.requantize(due)
        if rows.mask is not None:
            valid = rows.mask.new_ones(rows.mask.shape[0], 1)
            rows.mask = torch.cat([rows.mask, valid], dim=1)
        rows.logits = self.step.run(flight.tokens, rows.positions)
        rows.positions = rows.positions + 1
        for layer in layers:
            layer.grow()

    def clear(self) -> None:
        """Give the memory back, for what was recorded in it is void then."""
        self.steps.clear()
        self.rooms.held.clear()
        self.parts.held.clear()
        self.step = None

    def _settled(self, rows: Rows, tokens: int) -> StaticStep:
        """The step that fits a batch, with the batch's K and V in its rooms."""
        layers = _layers(rows)
        count, _, used, _ = layers[0].keys.shape
        # Up to ROWS each number has a step of its own: a lone row pays for no other.
        size = count if count <= ROWS else _up(count, ROWS)
        shape = StepShape(size, _up(used + tokens, COLUMNS), PartShape.of(rows.shared))
        if shape not in self.steps:
            rooms, part = self._rooms(layers, shape), self._part(rows.shared, shape)
            axes = rows.positions.shape[0]
            self.steps[shape] = StaticStep(self.model, rooms, part, axes, record=self.record)
        step = self.steps[shape]
        for layer, keys, values in zip(layers, step.rooms.keys, step.rooms.values, strict=True):
            layer.settle(keys, values)
        if step.part is not None and rows.shared is not None:
            step.part.settle(rows.shared)
        step.fill(rows.mask, count, used)
        return step

    def _rooms(self, layers: Sequence[Layer], shape: StepShape) -> Rooms:
        tensors = [tensor for layer in layers for tensor in (layer.keys, layer.values)]
        sizes = [(shape.rows, t.shape[1], shape.columns, t.shape[3]) for t in tensors]
        self._hold(self.rooms, [prod(size) for size in sizes], tensors[0])
        held = zip(self.rooms.held, sizes, strict=True)
        views = [flat[: prod(size)].view(size) for flat, size in held]
        device = tensors[0].device
        column = torch.zeros(1, dtype=torch.long, device=device)
        sums = torch.zeros(2, len(layers), shape.rows, dtype=torch.float32, device=device)
        return Rooms(views[::2], views[1::2], column, sums)

    def _part(self, part: SharedPart | None, shape: StepShape) -> StaticPart | None:
        if part is None or shape.part is None:
            return None
        pictures = part.keys[0].shape[0]
        tensors = [tensor for pair in zip(part.keys, part.values, strict=True) for tensor in pair]
        sizes = [t.numel() // pictures * shape.part.pictures for t in tensors]
        self._hold(self.parts, sizes, tensors[0])
        return StaticPart.of(self.parts.held, part, shape.part, shape.rows)

    def _hold(self, memory: FlatMemory, sizes: Sequence[int], like: Tensor) -> None:
        """Make room in a memory; what was recorded in the old one is void."""
        if not memory.fits(sizes):
            self.steps.clear()
            memory.grow(sizes, like)


def _layers(rows: Rows) -> list[Layer]:
    return [layer for layer in rows.cache.layers if isinstance(layer, Layer)]


def _at_home(layer: Layer, step: StaticStep) -> bool:
    return layer.buffers[0].lies_in(step.rooms.keys[0])


def _up(count: int, unit: int) -> int:
    return -(-count // unit) * unit
