"""What the Snakefile asks: the plan, the inputs of its rules, the targets, the warm worker."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from lvlm_compress.cells import Cell
from lvlm_compress.cluster.need import Need, together
from lvlm_compress.cluster.needs import Needs
from lvlm_compress.cluster.site import Site
from lvlm_compress.errors import UserError
from lvlm_compress.hub import repositories
from lvlm_compress.identity import Folder
from lvlm_compress.plan import Plan, make_plan
from lvlm_compress.planning.asked import asked
from lvlm_compress.planning.sweeps import Sweep
from lvlm_compress.reach import leave_mark
from lvlm_compress.settings import Settings, resolve
from lvlm_compress.sharing import follow_permissions, require_writable
from lvlm_compress.sweeping import Sweeping
from lvlm_compress.warm import ADDRESS

Wildcards = Any
Checkpoint = Callable[[Folder], object]


class Flow:
    """One Snakemake process's view of the plan.

    Args:
        root: the clone.
        config: what Snakemake parsed.
        identify: asks Snakemake for the job that hashes a folder; it raises until that job ran.
        site: the cluster that jobs run on.
    """

    def __init__(
        self, root: Path, config: Mapping[str, Any], identify: Checkpoint, site: Site
    ) -> None:
        self.settings: Settings = resolve(root, config)
        follow_permissions(self.settings.store)
        self.site = site
        self._needs: Needs | None = None
        self._sweeping: Sweeping | None = None
        self._identify = identify
        self._started = self._main = False
        self._plan = self._make_plan()

    @cached_property
    def store(self) -> str:
        """The artifact store, relative to the clone where it lies in it."""
        store, root = self.settings.store, self.settings.root
        return str(store.relative_to(root) if store.is_relative_to(root) else store)

    def _make_plan(self) -> Plan | Folder:
        """The plan, which Python's cycle collector never walks: it lives as long as Snakemake."""
        plan = make_plan(self.settings)
        if isinstance(plan, Plan):
            _ = plan.cells
            gc.freeze()
        return plan

    def plan(self) -> Plan:
        """The plan; asks for the identity of folders that are not hashed yet."""
        asked: set[Path] = set()
        while isinstance(self._plan, Folder):
            folder = self._plan
            if folder.identity in asked:
                raise UserError(f"{folder.path} changed while it was hashed; start again.")
            asked.add(folder.identity)
            self._identify(folder)
            self._plan = self._make_plan()
            self._write()
        return self._plan

    def folder(self, wildcards: Wildcards) -> str:
        """The folder that an identity job hashes."""
        kind, name = wildcards.kind, wildcards.name
        if isinstance(self._plan, Folder) and (self._plan.kind, self._plan.name) == (kind, name):
            return str(self._plan.path)
        raise UserError(f"No folder of kind {kind} and name {name} waits for its identity.")

    @asked
    def inputs(self, wildcards: Wildcards) -> list[str]:
        """The artifacts that a cell's stage reads."""
        return [self.path(cell) for cell in self.plan().cells[wildcards.digest].inputs.values()]

    @property
    def sweeps(self) -> bool:
        """Whether jobs answer several cells each."""
        return self._cells_per_job > 1

    @property
    def _cells_per_job(self) -> int:
        return int(self.settings.config["runtime"]["cells_per_job"])

    @property
    def sweeping(self) -> Sweeping:
        """Which job answers which cells; decided when first asked for."""
        if self._sweeping is None:
            self._sweeping = Sweeping(self.settings.root, self.plan(), self._cells_per_job)
        return self._sweeping

    @asked
    def swept(self, wildcards: Wildcards) -> list[str]:
        """The marker of the sweep that answers a cell."""
        return self.sweeping.marker(wildcards.digest)

    @asked
    def sweep_inputs(self, wildcards: Wildcards) -> list[str]:
        """The artifacts that a sweep reads."""
        cells = self.sweeping.cells(wildcards.digest)
        return [
            self.path(cell) for cell in Sweep(wildcards.model, tuple(cells), "").inputs.values()
        ]

    def published_inputs(self, wildcards: Wildcards) -> list[str]:
        """The report part that is published, and with the page the tables and figures."""
        cell = self.plan().cells[wildcards.digest]
        return [self.path(cell), *self.inputs(wildcards)]

    def fetched(self, _: Wildcards) -> list[str]:
        """Markers of the grid's hub repositories, and its embedded data sets."""
        markers = [repository.marker for repository in repositories(self.settings)]
        return [*markers, *self.kind("data")(_)]

    def repository_folder(self, wildcards: Wildcards) -> str:
        """The option that says where a hub data set goes; none for a model."""
        wanted = (wildcards.kind, f"{wildcards.org}/{wildcards.name}", wildcards.revision)
        for found in repositories(self.settings):
            if (found.kind, found.name, found.revision) == wanted:
                return "" if found.folder is None else f"--folder '{found.folder}'"
        raise UserError(f"The grid has no {wanted[0]} {wanted[1]} at {wanted[2]}.")

    @asked
    def memory(self, wildcards: Wildcards, attempt: int) -> int:
        """Host memory in MB, more at every attempt."""
        return self._need(wildcards).memory_at(attempt)

    @asked
    def runtime(self, wildcards: Wildcards, attempt: int) -> int:
        """Minutes, more at every attempt."""
        return self._need(wildcards).minutes_at(attempt, self.site.longest_minutes)

    @asked
    def gpus(self, wildcards: Wildcards) -> int:
        """GPUs; none for a model that runs on a CPU."""
        return self._need(wildcards).gpus

    @asked
    def gpu_model(self, wildcards: Wildcards) -> str | None:
        """The GPU's type; a job without GPUs must not name one."""
        return self.site.gpu_type if self.gpus(wildcards) else None

    def _need(self, wildcards: Wildcards) -> Need:
        plan = self.plan()
        if self._needs is None:
            self._needs = Needs(self.settings, plan.grid, self.site)
        if wildcards.digest in plan.cells:
            return self._needs.of(plan.cells[wildcards.digest])
        return together(map(self._needs.of, self.sweeping.cells(wildcards.digest)))

    @asked
    def plan_file(self, _: Wildcards) -> str:
        """The plan that stages are handed."""
        return str(self.plan().file)

    def kind(self, kind: str) -> Callable[[Wildcards], list[str]]:
        """Input function of a target: all artifacts of a kind."""

        def paths(_: Wildcards) -> list[str]:
            plan = self.plan()
            cells = plan.of_kind(kind)
            if kind == "score":
                cells = [cell for cell in cells if cell.digest in plan.present]
            return [self.path(cell) for cell in cells]

        return paths

    def published(self, kind: str) -> Callable[[Wildcards], str]:
        """Input function of a target: the marker that a report part is published."""

        def marker(_: Wildcards) -> str:
            return f"results/published/{self.plan().reports[kind].digest}"

        return marker

    def path(self, cell: Cell) -> str:
        """An artifact's path as the rules' outputs spell it."""
        base = "results" if cell.path.startswith("reports/") else self.store
        return f"{base}/{cell.path}"

    def start(self, outputs: Iterable[str], *, main: bool, warm: bool) -> None:
        """What a real run begins with: the plan on disk and, on one machine, the warm worker.

        Jobs of a cluster never meet the worker of the submit host, which is outside of their
        allocation.

        Args:
            outputs: what the run's jobs will make.
            main: whether this is the user's Snakemake and not one that a cluster's job started.
            warm: whether to start the worker.

        Raises:
            UserError: the store can't take the outputs.
        """
        stored = [file for file in outputs if file.startswith(f"{self.store}/")]
        require_writable(self.settings.store, len(stored))
        self._started, self._main = True, main
        self._write()
        os.environ.pop(ADDRESS, None)
        if warm and self.settings.config["runtime"]["warm"]:
            address = str(Path(tempfile.mkdtemp(prefix="lvlm-compress-")) / "warm")
            subprocess.Popen([sys.executable, "-m", "lvlm_compress.warm", "--serve", address])
            os.environ[ADDRESS] = address

    def _write(self) -> None:
        """A dry run leaves nothing on disk."""
        if self._started and isinstance(self._plan, Plan):
            self._plan.write()
            if self._main:
                leave_mark(self._plan)
            if self._main and self.sweeps:
                self.sweeping.write()


def prepare_environment(root: Path) -> None:
    """Let stages import the package from the clone, and keep them off the network."""
    package = str(root / "workflow")
    paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    if package not in paths:
        os.environ["PYTHONPATH"] = os.pathsep.join([package, *paths])
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
