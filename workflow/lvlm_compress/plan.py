"""The plan: every cell of the chosen grid, where its artifact lies, and whether it is there.

Command line: what would run, for which model or benchmark.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from lvlm_compress.address import canonical_json, sha256_text
from lvlm_compress.artifacts import write_text
from lvlm_compress.cells import Cell
from lvlm_compress.cost import listing as cost
from lvlm_compress.errors import UserError, exit_with
from lvlm_compress.fingerprint import Sources
from lvlm_compress.grid import Grid, parse_grid
from lvlm_compress.identity import Folder
from lvlm_compress.planning.collector import collector_off
from lvlm_compress.planning.parts import Parts, UnidentifiedError
from lvlm_compress.planning.reports import as_report_cells, report_cells
from lvlm_compress.planning.scores import Scores
from lvlm_compress.reporting.cells import to_rows
from lvlm_compress.settings import ROOT, Settings, resolve
from lvlm_compress.why import needed, reason

ADOPTED = ROOT / "workflow" / "adopted.yaml"
STAGES = ("data", "weights", "generation", "toxicities", "verdicts", "lexicon", "score")


@dataclass(frozen=True)
class Plan:
    """What a run of some settings is made of."""

    settings: Settings
    grid: Grid
    sources: Sources
    scores: tuple[Cell, ...]

    @cached_property
    def cells(self) -> dict[str, Cell]:
        """Every cell that leads to the report, by digest."""
        with collector_off():
            reports = self.reports.values()
            found = {cell.digest: cell for cell in upstream([*self.scores, *reports])}
        return found | {cell.digest: cell for cell in reports}

    @cached_property
    def present(self) -> set[str]:
        """Digests of the scores that the report uses: all of them, or with `show` what is there."""
        mode = self.settings.config["missing"]
        if mode == "run":
            return {cell.digest for cell in self.scores}
        here = {cell.digest for cell in self.scores if self.exists(cell)}
        if mode == "error" and len(here) < len(self.scores):
            absent = [cell.name for cell in self.scores if cell.digest not in here]
            raise UserError(f"{len(absent)} scores are missing:\n  " + "\n  ".join(absent))
        return here

    @cached_property
    def reports(self) -> dict[str, Cell]:
        """The report's own cells by kind: statistics, tables, figures, page."""
        return report_cells(self.settings, self.grid, self.sources, self.scores, self.present)

    def of_kind(self, kind: str) -> list[Cell]:
        """The cells of one kind."""
        return [cell for cell in self.cells.values() if cell.kind == kind]

    def exists(self, cell: Cell) -> bool:
        """Whether a cell's artifact is there."""
        return self.settings.place(cell.path).exists()

    def find(self, name: str) -> Cell:
        """A cell by digest, or a generation by `model/compression/benchmark/seed`."""
        if name in self.cells:
            return self.cells[name]
        for cell in self.cells.values():
            if cell.kind == "generation" and cell.name == name.strip("/"):
                return cell
        raise UserError(
            f"No cell '{name}' in this plan: config, grid or code changed since it was asked for. "
            "`python -m lvlm_compress.plan` lists the cells."
        )

    def lines(self) -> Iterator[str]:
        """The plan as a file that stages need not read whole: first what all share, then a cell a
        line, its digest in front.
        """
        yield json.dumps(self.shared())
        for digest, cell in self.cells.items():
            yield json.dumps([digest, cell.described(self.settings.place)])

    def shared(self) -> dict[str, Any]:
        """What every stage is told beside its cell."""
        settings = self.settings
        shown = as_report_cells(settings, self.grid, self.scores, self.present)
        return {
            "runtime": {
                **settings.config["runtime"],
                "store": str(settings.store),
                "published": str(settings.published),
            },
            "report": {
                **settings.config["report"],
                "cells": to_rows(shown),
                "images": {c.labels["benchmark"]: c.run["data"] for c in self.scores},
            },
        }

    @cached_property
    def file(self) -> Path:
        """Where `write` puts the plan."""
        names = [cell.digest for cell in self.cells.values()]
        # The places count: results that are copied to another clone bring their plans along.
        places = [str(self.settings.root), str(self.settings.store)]
        key = canonical_json([places, self.settings.config, names])
        return self.settings.published / "plans" / f"{sha256_text(key)[:16]}.jsonl"

    def write(self) -> None:
        """Leave the plan where the stages find it."""
        if not self.file.exists():
            write_text(self.file, "".join(f"{line}\n" for line in self.lines()))


def upstream(cells: Iterable[Cell]) -> Iterator[Cell]:
    """Cells and all they depend on, each once."""
    seen: set[str] = set()
    queue = list(cells)
    while queue:
        cell = queue.pop()
        if cell.digest not in seen:
            seen.add(cell.digest)
            yield cell
            queue.extend(cell.inputs.values())


def make_plan(settings: Settings, sources: Sources | None = None) -> Plan | Folder:
    """The plan of some settings, or the folder that has to be identified before there is one.

    Args:
        settings: what runs.
        sources: whose code it is; the clone's own if not given.
    """
    grid = parse_grid(settings)
    sources = sources or Sources(ROOT / "workflow", adopted_fingerprints())
    try:
        with collector_off():
            scores = tuple(Scores(grid, Parts(settings, sources)).selected())
    except UnidentifiedError as missing:
        return missing.folder
    return Plan(settings, grid, sources, scores)


def adopted_fingerprints(file: Path = ADOPTED) -> dict[str, str]:
    """Code fingerprints declared neutral: new -> the one whose results stand."""
    content: Mapping[str, str] | None = yaml.safe_load(file.read_text(encoding="utf-8"))
    return dict(content or {})


def plan_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments by which every command line chooses its plan."""
    parser.add_argument("--grid", help="a grid's name or file instead of config.yaml's")
    parser.add_argument(
        "--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE",
        help="override a config key, e.g. --set select.models='[tiny-llava]'",
    )  # fmt: skip


def planned(arguments: argparse.Namespace) -> Plan:
    """The plan that a command line asks for."""
    plan = make_plan(resolve(grid=arguments.grid, overrides=arguments.overrides))
    if isinstance(plan, Folder):
        raise UserError(f"{plan.path} is not identified yet; run `snakemake fetch` once.")
    return plan


def main() -> None:
    """List the plan's cells and their state."""
    parser = argparse.ArgumentParser(prog="python -m lvlm_compress.plan", description=__doc__)
    plan_arguments(parser)
    parser.add_argument("--model", help="only cells of this model")
    parser.add_argument("--benchmark", help="only cells of this benchmark")
    parser.add_argument("--missing", action="store_true", help="only cells that would run, and why")
    parser.add_argument("--cost", action="store_true", help="estimate GPU-hours and memory instead")
    parser.add_argument("--device", default=cost.DEVICE, help="the GPU that --cost assumes")
    arguments = parser.parse_args()
    try:
        if arguments.cost:
            print("\n".join(estimated(arguments)))  # noqa: T201 - the command's output
            return
        plan = planned(arguments)
        for line in listing(plan, arguments.model, arguments.benchmark, arguments.missing):
            print(line)  # noqa: T201 - the command's output
    except UserError as error:
        exit_with(error)


def estimated(arguments: argparse.Namespace) -> Iterator[str]:
    """The cost of what is selected; with `--missing`, of what would run.

    Without it neither data nor identities are needed.
    """
    chosen = {"models": arguments.model, "benchmarks": arguments.benchmark}
    only = [f"select.{kind}=[{name}]" for kind, name in chosen.items() if name is not None]
    settings = resolve(grid=arguments.grid, overrides=[*arguments.overrides, *only])
    done: set[str] = set()
    if arguments.missing:
        plan = planned(arguments)
        done = {cell.name for cell in plan.cells.values() if plan.exists(cell)}
    return cost.listing(settings, parse_grid(settings), arguments.device, done)


def listing(plan: Plan, model: str | None, benchmark: str | None, missing: bool) -> Iterator[str]:
    """One line a cell: state, kind, name, path, and why it would run; counts at the end.

    A cell is present, missing (it would run), or absent: nothing that would run needs it.
    """
    counts = {"present": 0, "missing": 0, "absent": 0}
    would_run = {cell.digest for cell in needed(plan)}
    for kind in STAGES:
        for cell in plan.of_kind(kind):
            labels = cell.labels
            if model not in (None, labels.get("model")):
                continue
            if benchmark not in (None, labels.get("benchmark")):
                continue
            runs = cell.digest in would_run
            state = "missing" if runs else "present" if plan.exists(cell) else "absent"
            counts[state] += 1
            if runs or not missing:
                why = f"  {reason(plan, cell)}" if runs else ""
                yield f"{state:8} {cell.kind:11} {cell.name:60} {cell.path}{why}"
    told = [f"{count} {state}" for state, count in counts.items() if count or state != "absent"]
    yield ", ".join(told)


if __name__ == "__main__":
    main()
