"""Cells that one job answers: model and weights are loaded once, alike prompts are run once.

A sweep is made for one run of Snakemake, of the cells that are missing when it starts, and named
after both: what a sweep left undone, the next run puts into another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lvlm_compress.address import canonical_json, sha256_text
from lvlm_compress.cells import Cell


@dataclass(frozen=True, eq=False)
class Sweep:
    """Generations of one model and weights.

    Attributes:
        run: tells this run of Snakemake from others.
    """

    model: str
    cells: tuple[Cell, ...]
    run: str

    @cached_property
    def digest(self) -> str:
        """16 hex digits."""
        names = [cell.digest for cell in self.cells]
        return sha256_text(canonical_json([self.run, names]))[:16]

    @property
    def marker(self) -> str:
        """What its job writes: how every cell went."""
        return f"results/sweeps/{self.model}/{self.digest}.json"

    @property
    def inputs(self) -> dict[str, Cell]:
        """What the cells' stages read, each once, by digest."""
        return {cell.digest: cell for own in self.cells for cell in own.inputs.values()}

    def described(self) -> dict[str, Any]:
        """As JSON values, for the processes that have not planned it."""
        return {"model": self.model, "cells": [cell.digest for cell in self.cells]}


def sweeps(cells: Iterable[Cell], size: int, run: str) -> list[Sweep]:
    """Cells in sweeps of at most `size`, those that may share their prompts side by side."""
    held: dict[tuple[Any, ...], list[Cell]] = {}
    for cell in cells:
        held.setdefault(_loaded(cell), []).append(cell)
    found = []
    for members in held.values():
        members.sort(key=_asked)
        for start in range(0, len(members), size):
            part = tuple(members[start : start + size])
            found.append(Sweep(part[0].labels["model"], part, run))
    return found


def by_cell(found: Sequence[Sweep]) -> dict[str, Sweep]:
    """Each cell's sweep, by the cell's digest."""
    return {cell.digest: sweep for sweep in found for cell in sweep.cells}


def _loaded(cell: Cell) -> tuple[Any, ...]:
    """What one process can hold one of: a model with its weights, dense or packed."""
    weights = cell.inputs.get("weights")
    store = None if weights is None else weights.digest
    return cell.labels["model"], store, cell.run["weight_storage"]


def _asked(cell: Cell) -> tuple[str, bool, str]:
    scheme: Mapping[str, Any] = cell.parts["kv"].value["scheme"]
    return cell.labels["benchmark"], scheme.get("order", "after") == "before", cell.name
