"""The sweeps of one run of Snakemake: decided once by the main process, on disk for its jobs."""

from __future__ import annotations

import json
import os
import time
from functools import cached_property
from pathlib import Path

from lvlm_compress.artifacts import write_text
from lvlm_compress.cells import Cell
from lvlm_compress.errors import UserError
from lvlm_compress.plan import Plan, upstream
from lvlm_compress.planning.sweeps import Sweep, by_cell, sweeps


class Sweeping:
    """Which sweep answers which cell, where `runtime.cells_per_job` is above 1."""

    def __init__(self, root: Path, plan: Plan, size: int) -> None:
        self.root, self.plan, self.size = root, plan, size
        self.run = f"{os.uname().nodename}.{os.getpid()}.{time.time_ns()}"

    @cached_property
    def by_cell(self) -> dict[str, Sweep]:
        """Sweeps of the missing generations, by the cells' digests.

        Those that no missing score needs are apart: they run only where they are asked for.
        """
        missing = [cell for cell in self.plan.of_kind("generation") if not self.plan.exists(cell)]
        unscored = [cell for cell in self.plan.scores if not self.plan.exists(cell)]
        needed = {cell.digest for cell in upstream(unscored)}
        wanted = [cell for cell in missing if cell.digest in needed]
        others = [cell for cell in missing if cell.digest not in needed]
        return by_cell([s for part in (wanted, others) for s in sweeps(part, self.size, self.run)])

    def marker(self, digest: str) -> list[str]:
        """The marker of a cell's sweep; none for a cell that was there when the run began."""
        return [self.by_cell[digest].marker] if digest in self.by_cell else []

    def cells(self, digest: str) -> list[Cell]:
        """A sweep's cells; UserError for a sweep of another run whose file is gone."""
        for sweep in self.by_cell.values():
            if sweep.digest == digest:
                return list(sweep.cells)
        (file, *_) = [*self.root.glob(f"results/sweeps/*/{digest}.cells.json"), None]
        if file is None:
            raise UserError(f"There is no sweep {digest}; start snakemake again.")
        names = json.loads(file.read_text(encoding="utf-8"))["cells"]
        return [self.plan.cells[name] for name in names]

    def write(self) -> None:
        """Leave the sweeps where their jobs find them."""
        for sweep in set(self.by_cell.values()):
            file = self.root / sweep.marker
            write_text(file.with_suffix(".cells.json"), json.dumps(sweep.described()))
