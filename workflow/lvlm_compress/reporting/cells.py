"""The cells a report is made of, as planned, whether their scores exist or not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ReportCell:
    """One (model, compression, benchmark, seed) of the plan.

    Attributes:
        compression: the grid's label; `weights` and `kv` are its canonical parts (`fp16` if none).
        seed: None for a greedy benchmark.
        paper_model: the paper's name of the model, None where it is not in the paper.
        score: the score artifact (JSON beside its parquet of rows), None when it is missing.
        generation: the generation artifact (JSON lines, header first), None when it is not here.
        status: `ok`, `not_run` or `failed` as planned; the score refines it.
    """

    model: str
    compression: str
    weights: str
    kv: str
    benchmark: str
    seed: int | None
    digest: str
    status: str
    score: Path | None
    generation: Path | None
    paper_model: str | None = None
