"""What grids reach, and the marks by which clones of a shared store tell each other.

A run leaves `live/{clone}.{grid}.json` in the store: all that its grid reaches with everything
selected. Every run renews its mark, so that it speaks for the clone's last config and code.
"""

from __future__ import annotations

import json
import os
import pwd
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

from lvlm_compress.address import sha256_text
from lvlm_compress.artifacts import replace_text
from lvlm_compress.cells import FOLDERS
from lvlm_compress.errors import UserError
from lvlm_compress.plan import Plan, make_plan
from lvlm_compress.settings import Settings
from lvlm_compress.sharing import writable

MARKS = "live"
CLONE = ".snakemake/clone"


@dataclass
class Reach:
    """What some grids reach.

    Attributes:
        live: digests of their cells.
        spared: (model, benchmark) of grids that can't be planned here, whose cells are unknown.
        notes: why they can't.
    """

    live: set[str] = field(default_factory=set)
    spared: set[tuple[str, str]] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def add(self, settings: Settings) -> None:
        """Reach for a grid with everything selected.

        One whose models or data are not here spares all that bears their names.
        """
        try:
            plan = make_plan(everything(settings))
        except UserError as error:
            why = str(error).partition(".")[0]
        else:
            if isinstance(plan, Plan):
                self.live |= set(plan.cells)
                return
            why = f"{plan.path} is not identified yet"
        self.notes.append(f"{settings.grid_name}: {why}")
        self.spared |= set(product(settings.grid["models"], settings.grid["benchmarks"]))

    def keeps(self, path: Path, digest: str, place: Path) -> bool:
        """Whether an artifact below `place` is live, or might be."""
        names = path.relative_to(place).parts
        weights = names[0] == FOLDERS["weights"]
        return digest in self.live or any(
            model in names and (weights or benchmark in names) for model, benchmark in self.spared
        )


@dataclass(frozen=True)
class Mark:
    """What a clone said about one of its grids.

    Attributes:
        file: the mark's file in the store.
        clone: the clone's folder, as it was called where it ran.
        user: who ran it.
        grid: config.yaml's value of `grid`.
        reach: what the grid reached then.
    """

    file: Path
    clone: str
    user: str
    grid: str
    reach: Reach

    def __str__(self) -> str:
        return (
            f"reached by {self.clone} of {self.user} (grid {self.grid}); if that clone is gone, "
            f"delete {self.file}"
        )


def everything(settings: Settings) -> Settings:
    """The same settings with nothing deselected and no cell left out."""
    nothing: dict[str, list[object]] = {kind: [] for kind in settings.config["select"]}
    return replace(settings, config={**settings.config, "select": nothing, "missing": "run"})


def leave_mark(plan: Plan) -> None:
    """Tell the store what the clone's grid reaches; a store that can't be written is not told."""
    settings = plan.settings
    if not writable(settings.store):
        return
    reached = Reach()
    if settings == everything(settings):
        reached.live |= set(plan.cells)
    else:
        reached.add(settings)
    grid = str(settings.config["grid"])
    content = {
        "clone": str(settings.root),
        "user": user_name(),
        "grid": grid,
        "live": sorted(reached.live),
        "spared": sorted(reached.spared),
    }
    name = f"{clone_id(settings.root)}.{sha256_text(grid)[:16]}.json"
    replace_text(settings.store / MARKS / name, json.dumps(content))


def user_name() -> str:
    """Who runs this; in a container that knows no name of his, the number."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"


def clone_id(root: Path) -> str:
    """A name of the clone that no other has, drawn at its first run; `results/` may be copied."""
    file = root / CLONE
    if not file.exists():
        replace_text(file, uuid.uuid4().hex)
    return file.read_text(encoding="utf-8")


def marks(store: Path) -> Iterator[Mark]:
    """All marks of a store."""
    for file in sorted((store / MARKS).glob("*.json")):
        content = json.loads(file.read_text(encoding="utf-8"))
        pairs = {(model, benchmark) for model, benchmark in content["spared"]}
        reach = Reach(set(content["live"]), pairs)
        yield Mark(file, content["clone"], content["user"], content["grid"], reach)


def others(found: Iterable[Mark], root: Path) -> list[Mark]:
    """The marks of other clones than the one at `root`."""
    own = clone_id(root) if (root / CLONE).exists() else None
    return [mark for mark in found if mark.file.name.partition(".")[0] != own]
