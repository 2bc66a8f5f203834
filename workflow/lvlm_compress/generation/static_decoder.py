"""Decoding a batch by recorded steps: which one fits it, and moving its K and V there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

import torch
from torch import Tensor

from lvlm_compress.generation.decode import Flight
from lvlm_compress.generation.rows import Rows
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
    return simulated and attention in ("sdpa", "lvlm_shared")


@dataclass
class StaticDecoder:
    """Keeps one set of rooms and a recorded step for every shape that was needed.

    One serves all cells of a process, so that each shape is recorded once.

    Attributes:
        record: see `StaticStep`.
    """

    model: LoadedModel
    record: bool = True
    steps: dict[tuple[int, int], StaticStep] = field(default_factory=dict)
    memory: list[Tensor] = field(default_factory=list)
    step: StaticStep | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of the rooms."""
        return sum(held.nbytes for held in self.memory)

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
        self.memory.clear()
        self.step = None

    def _settled(self, rows: Rows, tokens: int) -> StaticStep:
        """The step that fits a batch, with the batch's K and V in its rooms."""
        layers = _layers(rows)
        count, _, used, _ = layers[0].keys.shape
        # Up to ROWS each number has a step of its own: a lone row pays for no other.
        size = count if count <= ROWS else _up(count, ROWS), _up(used + tokens, COLUMNS)
        if size not in self.steps:
            rooms = self._rooms(layers, *size)
            self.steps[size] = StaticStep(
                self.model, rooms, rows.positions.shape[0], record=self.record
            )
        step = self.steps[size]
        for layer, keys, values in zip(layers, step.rooms.keys, step.rooms.values, strict=True):
            layer.settle(keys, values)
        step.fill(rows.mask, count, used)
        return step

    def _rooms(self, layers: Sequence[Layer], rows: int, columns: int) -> Rooms:
        """Views of the one memory, which grows when they don't fit: recorded steps are void then.

        Only one batch is decoded at a time, so all shapes may lie in the same place.
        """
        kinds = [tensor for layer in layers for tensor in (layer.keys, layer.values)]
        shapes = [(rows, tensor.shape[1], columns, tensor.shape[3]) for tensor in kinds]
        if not self.memory or any(
            prod(shape) > held.numel() for shape, held in zip(shapes, self.memory, strict=True)
        ):
            self.clear()
            self.memory = [
                tensor.new_zeros(prod(s)) for s, tensor in zip(shapes, kinds, strict=True)
            ]
        views = [
            held[: prod(shape)].view(shape) for shape, held in zip(shapes, self.memory, strict=True)
        ]
        device = kinds[0].device
        column = torch.zeros(1, dtype=torch.long, device=device)
        sums = torch.zeros(2, len(layers), rows, dtype=torch.float32, device=device)
        return Rooms(views[::2], views[1::2], column, sums)


def _layers(rows: Rows) -> list[Layer]:
    return [layer for layer in rows.cache.layers if isinstance(layer, Layer)]


def _at_home(layer: Layer, step: StaticStep) -> bool:
    return layer.buffers[0].lies_in(step.rooms.keys[0])


def _up(count: int, unit: int) -> int:
    return -(-count // unit) * unit
