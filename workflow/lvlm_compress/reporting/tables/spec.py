"""What a table is: columns, the rows that belong, and the filled-in result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lvlm_compress.reporting.schemes import Compression


@dataclass(frozen=True)
class TableSpec:
    """One table of the paper.

    Attributes:
        number: the paper's; also the `table` of results.csv.
        columns: (benchmark, metric) of each column.
        belongs: which compressions of a grid are rows of it; the baseline is asked as well.
    """

    number: int
    caption: str
    columns: tuple[tuple[str, str], ...]
    belongs: Callable[[Compression], bool]


@dataclass(frozen=True)
class Cell:
    """One number of a table.

    Attributes:
        value: ours; None where there is none, or where only `offline` has one.
        status: `ok`, or why the value is missing.
        offline: True if the value comes from an offline rule instead of the paper's judge.
        printed: the paper's text (`-` included), None where the paper has no such cell.
        difference: ours minus the paper's.
        suspicious: why the paper's number looks like a slip.
        best: best of its bit-width.
    """

    value: float | None
    status: str
    offline: bool = False
    printed: str | None = None
    difference: float | None = None
    suspicious: str | None = None
    best: bool = False


@dataclass(frozen=True)
class Row:
    """One compression of one model; `label` is the grid's, None for a row only the paper has."""

    model: str
    label: str | None
    weights: str
    kv: str
    compression: Compression
    cells: tuple[Cell, ...]

    @property
    def group(self) -> tuple[str, int, float]:
        """What competes for bold: the same model at the same bit-widths."""
        return self.model, self.compression.weight_bits, self.compression.kv_bits


@dataclass(frozen=True)
class Table:
    """A filled-in table; rows of one model stand together."""

    spec: TableSpec
    rows: tuple[Row, ...]


def kv_only(compression: Compression) -> bool:
    """Rows of the KV tables: weights untouched, K and V at the same width."""
    return compression.weight_method == "fp16" and compression.k_bits == compression.v_bits


def with_weights(compression: Compression) -> bool:
    """Rows of table 4: the baseline and everything with quantized weights."""
    return compression.is_baseline or compression.weight_method != "fp16"
