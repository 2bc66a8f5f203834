"""What passes between a benchmark's files, generation, scoring and the report.

A benchmark folder `benchmarks/<id>/` has

    task.py   DECODING: Decoding
              load(data: Path, limit: int | None = None, **options) -> list[Example]
    score.py  PAPER_METRIC: str
              read_answers(file: Path, data: Path) -> polars.DataFrame      (foreign answer files)
              score(answers: polars.DataFrame, data: Path, inputs: ScoreInputs) -> Score

`data` is the benchmark's own folder. Options are keyword arguments with defaults; a grid entry
sets them under `options:` and they enter the generation's digest. `limit` keeps the first whole
units (an MME image with both questions, a set of ten, a figure with its original).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Decoding:
    """How a benchmark is answered; temperature 0 is greedy and has no seed."""

    max_new_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 50


@dataclass(frozen=True)
class ImageSource:
    """A picture: an image file, or row `row` of the `image` column of a parquet file."""

    path: Path
    name: str
    row: int | None = None


@dataclass(frozen=True)
class Example:
    """One question to a model.

    Attributes:
        id: unique in the benchmark; the official question id where there is one.
        prompt: the user's turn exactly as sent, without the image token.
        image: None for a text-only question.
        cluster: what statistics resample together (image, set, scenario).
    """

    id: str
    prompt: str
    image: ImageSource | None
    cluster: str


@dataclass(frozen=True)
class ScoreInputs:
    """What a scorer may need beside the answers and the data.

    Attributes:
        restrict: True for a workflow cell, which may hold a `limit`ed subset: the gold is
            restricted to the answered ids. False for a foreign file: absent ids are missing.
        grades: MM-Vet grades or HallusionBench verdicts, official format.
        toxicities: JSON lines with `text` and `toxicity`.
        lexicons: folder with competency_words.txt and stereotype_words.json.
        options: the grid entry's `scoring:` map.
    """

    restrict: bool = False
    grades: Path | None = None
    toxicities: Path | None = None
    lexicons: Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Score:
    """What a scorer returns.

    Attributes:
        metrics: DESIGN names to values; None where a value can't be had.
        reasons: metric -> why it is None (`needs_llm_judge`, `needs_lexicon`, ...).
        n, n_missing: examples scored, and expected but absent.
        official_script_ok, failure_reason: the paper's `-` (spec/benchmarks.md section 13).
        status: ok, official_script_failed, needs_llm_judge, needs_server_submission,
            needs_lexicon or needs_toxicity_model: the state of the paper's metric.
        rows: one row an example: `id, cluster, answer, parsed (str), score (float or null)` and
            whatever columns the benchmark adds.
        terms: `metric, term, scale, cluster, num, den`: every metric that has an interval is
            sum over its terms of scale * sum(num) / sum(den), with num and den summed per
            cluster, so that one bootstrap serves all benchmarks.
        counts: duplicates, unknown ids, skipped images and the like.
    """

    metrics: dict[str, float | None]
    n: int
    rows: pl.DataFrame
    terms: pl.DataFrame
    n_missing: int = 0
    reasons: dict[str, str] = field(default_factory=dict)
    official_script_ok: bool = True
    failure_reason: str | None = None
    status: str = "ok"
    counts: dict[str, int] = field(default_factory=dict)
