"""Which cells would run, and what sets each apart from the nearest artifact that is there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lvlm_compress.address import canonical_json, plain
from lvlm_compress.artifacts import read_header
from lvlm_compress.cells import Cell

if TYPE_CHECKING:
    from lvlm_compress.plan import Plan

NEVER = "never made"
ABSENT = object()


def needed(plan: Plan) -> list[Cell]:
    """The cells that a run would make for its scores, in the order of the grid."""
    found: dict[str, Cell] = {}
    queue = [cell for cell in reversed(plan.scores) if cell.digest in plan.present]
    while queue:
        cell = queue.pop()
        if cell.digest not in found and not plan.exists(cell):
            found[cell.digest] = cell
            queue.extend(reversed([*cell.inputs.values()]))
    return list(found.values())


def reason(plan: Plan, cell: Cell) -> str:
    """Why a cell that is not there has to be made."""
    spec = json.loads(canonical_json(plain(cell.parts)))
    told = [list(differences(earlier, spec)) for earlier in _specs(plan, cell)]
    if not told:
        return NEVER
    nearest = min(told, key=len)
    return "; ".join(nearest)


def _specs(plan: Plan, cell: Cell) -> Iterator[Mapping[str, Any]]:
    """Specifications of artifacts that bear the cell's name, the newest first."""
    folder, _, name = str(plan.settings.place(cell.path)).partition(cell.digest)
    files = Path(folder).glob("[0-9a-f]" * 16 + name)
    for file in sorted(files, key=lambda file: -file.stat().st_mtime):
        yield read_header(file)["spec"]


def differences(old: Any, new: Any, name: str = "") -> Iterator[str]:
    """The leaves in which two specifications differ, as a user would say it."""
    if old == new:
        return
    if name == "code":
        yield "code changed"
    elif isinstance(old, dict) and isinstance(new, dict):
        if set(old) == set(new) == {"kind", "digest"}:
            yield f"another {new['kind']}"
            return
        for key in sorted({*old, *new}):
            inner = f"{name}.{key}" if name else key
            yield from differences(old.get(key, ABSENT), new.get(key, ABSENT), inner)
    elif isinstance(old, list) and isinstance(new, list):
        gone, come = ([v for v in a if v not in b] for a, b in ((old, new), (new, old)))
        yield f"{name} {_shown(gone)} -> {_shown(come)}"
    else:
        yield f"{name} {_shown(old)} -> {_shown(new)}"


def _shown(value: Any) -> str:
    text = "none" if value is ABSENT else json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
