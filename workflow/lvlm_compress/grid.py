"""A grid's entries as frozen values: models, compressions, benchmarks, and what is selected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lvlm_compress import registry
from lvlm_compress.errors import UserError
from lvlm_compress.kv import KVScheme
from lvlm_compress.models.families import family_module
from lvlm_compress.settings import Settings
from lvlm_compress.weights.scheme import WeightScheme

BASELINE = "fp16"
GREEDY = "greedy"


@dataclass(frozen=True, eq=False)
class ModelEntry:
    """A model of the grid; `fields` are the grid's keys."""

    name: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Compression:
    """A compression of the grid: a label and what it means.

    Attributes:
        weights: a weight scheme's id, or None for the model's own weights.
        kv: a KV scheme's id, `fp16` for none.
    """

    label: str
    weights: str | None = None
    kv: str = BASELINE
    order: str = "before"
    stream_gap: int = 20
    storage: str = "simulated"
    weight_storage: str = "dense"
    salt: str | None = None

    @cached_property
    def kv_scheme(self) -> KVScheme:
        """The parsed KV scheme."""
        return KVScheme.parse(
            self.kv, order=self.order, stream_gap=self.stream_gap, storage=self.storage
        )

    @cached_property
    def weight_scheme(self) -> WeightScheme | None:
        """The parsed weight scheme."""
        return None if self.weights is None else WeightScheme.parse(self.weights)


@dataclass(frozen=True, eq=False)
class BenchmarkEntry:
    """A benchmark of the grid; `seeds` is empty for a greedy one."""

    name: str
    fields: Mapping[str, Any]
    seeds: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Grid:
    """What could run; `select` says what does."""

    engine: str
    calibration: Mapping[str, Any]
    models: tuple[ModelEntry, ...]
    compressions: tuple[Compression, ...]
    benchmarks: tuple[BenchmarkEntry, ...]
    select: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    salts: Mapping[str, str] = field(default_factory=dict)

    def selected(self, kind: str, name: str | int) -> bool:
        """Whether a model, compression, benchmark or seed passes the filter."""
        wanted = self.select.get(kind, ())
        return not wanted or name in wanted


def parse_compression(label: str, fields: Mapping[str, Any] | None = None) -> Compression:
    """A compression from its label alone (a canonical id) or with its fields spelt out.

    Raises:
        UserError: unknown weights or KV scheme.
    """
    options = dict(fields or {})
    if "weights" not in options and "kv" not in options:
        options |= _parts(label)
    compression = Compression(label, **options)
    _ = (compression.kv_scheme, compression.weight_scheme)
    return compression


def _parts(label: str) -> dict[str, str]:
    """`<weights>`, `<kv>` or `<weights>+<kv>` taken apart."""
    first, plus, second = label.partition("+")
    if plus:
        return {"weights": first, "kv": second}
    return {"weights": label} if first.startswith("w") else {"kv": label}


def parse_grid(settings: Settings) -> Grid:
    """The grid of some settings, with its selection checked against it."""
    content = settings.grid
    labels = content["compressions"]
    pairs = labels.items() if isinstance(labels, Mapping) else ((label, None) for label in labels)
    grid = Grid(
        engine=content["engine"],
        calibration=content["calibration"],
        models=tuple(_model(name, fields) for name, fields in content["models"].items()),
        compressions=tuple(parse_compression(label, fields) for label, fields in pairs),
        benchmarks=tuple(
            BenchmarkEntry(_known_benchmark(name), fields, tuple(fields.get("seeds", ())))
            for name, fields in content["benchmarks"].items()
        ),
        select=settings.config["select"],
        salts=content["salts"],
    )
    _check_selection(grid)
    _check_salts(grid)
    return grid


def _model(name: str, fields: Mapping[str, Any]) -> ModelEntry:
    try:
        family_module(fields["family"])
    except UserError as error:
        raise UserError(f"models.{name} of the grid: {error}") from error
    return ModelEntry(name, fields)


def _known_benchmark(name: str) -> str:
    registry.benchmark_module(name, "task")
    return name


def _check_selection(grid: Grid) -> None:
    _check("models", grid, [model.name for model in grid.models])
    _check("compressions", grid, [compression.label for compression in grid.compressions])
    _check("benchmarks", grid, [benchmark.name for benchmark in grid.benchmarks])
    _check("seeds", grid, sorted({seed for entry in grid.benchmarks for seed in entry.seeds}))


def _check_salts(grid: Grid) -> None:
    models = {model.name for model in grid.models}
    compressions = {compression.label for compression in grid.compressions}
    seeds = {entry.name: [*map(str, entry.seeds)] or [GREEDY] for entry in grid.benchmarks}
    for name in grid.salts:
        model, compression, benchmark, seed = name.split("/")
        known = model in models and compression in compressions
        if not known or seed not in seeds.get(benchmark, ()):
            raise UserError(
                f"salts of the grid name {name!r}, which is none of its cells; "
                "`python -m lvlm_compress.plan` lists them."
            )


def _check(kind: str, grid: Grid, known: Iterable[Any]) -> None:
    known = list(known)
    unknown = [name for name in grid.select.get(kind, ()) if name not in known]
    if unknown:
        names = ", ".join(map(str, known)) or "none"
        raise UserError(
            f"select.{kind} names {unknown[0]!r}, which the grid lacks; it has {names}."
        )
