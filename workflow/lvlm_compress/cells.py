"""The cells of a grid: every artifact that a run can make, with its digest, path and inputs.

    data, weights -> generation -> toxicities, verdicts, lexicon -> score

A cell's specification is made of parts that many cells share; its digest is the hash of theirs.
Nothing here imports torch, transformers or polars.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from lvlm_compress.address import Part, plain, spec_digest


@dataclass(frozen=True)
class Cell:
    """One artifact of the plan.

    Attributes:
        kind: data, weights, generation, toxicities, verdicts, lexicon, score, or a part of the
            report.
        labels: what it is called: model, compression, benchmark, seed as far as they apply.
        parts: what determines its content; see `spec`.
        run: what its stage needs to know beyond that (paths, names); enters no digest.
        inputs: the cells whose artifacts the stage reads, by role.
        suffix: how the artifact's name ends.
    """

    kind: str
    labels: Mapping[str, str]
    parts: Mapping[str, Part]
    run: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Cell] = field(default_factory=dict)
    suffix: str = ".json"

    @cached_property
    def digest(self) -> str:
        """16 hex digits."""
        return spec_digest(self.kind, self.parts)

    @cached_property
    def part(self) -> Part:
        """This cell as a part of a later cell's specification."""
        return Part.of({"kind": self.kind, "digest": self.digest})

    @property
    def name(self) -> str:
        """The labels as a path: what a user calls the cell."""
        return "/".join(self.labels.values())

    @cached_property
    def path(self) -> str:
        """Where the artifact lies, relative to its place."""
        return "/".join((FOLDERS[self.kind], *self.labels.values(), self.digest + self.suffix))

    def described(self, place: Callable[[str], Path]) -> dict[str, Any]:
        """Everything the stage needs, as plain JSON values; `place` says where a path lies."""
        return {
            "kind": self.kind,
            "name": self.name,
            "labels": dict(self.labels),
            "digest": self.digest,
            "path": str(place(self.path)),
            "spec": plain(self.parts),
            "run": dict(self.run),
            "inputs": {role: str(place(cell.path)) for role, cell in self.inputs.items()},
        }


FOLDERS = {
    "data": "data",
    "weights": "weights",
    "generation": "generations",
    "toxicities": "toxicities",
    "verdicts": "verdicts",
    "lexicon": "lexicons",
    "score": "scores",
    "statistics": "reports/statistics",
    "tables": "reports/tables",
    "figures": "reports/figures",
    "page": "reports/page",
}
