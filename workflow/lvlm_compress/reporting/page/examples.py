"""What a model answered before and after compression: a few examples a cell, flips first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from lvlm_compress.reporting import resources
from lvlm_compress.reporting.statistics.flips import pair
from lvlm_compress.reporting.statistics.pool import Pool

PER_CELL = 8
ON_PAGE = 4000
LONGEST = 600
# Most telling first.
KINDS = ("right to wrong", "wrong to right", "answer changed", "same answer")


@dataclass(frozen=True)
class Example:
    """One question with both answers; all text is a model's or a data set's: never trusted."""

    id: str
    seed: int | None
    kind: str
    prompt: str | None
    image: str | None
    before: str
    after: str


def per_cell(cells: int) -> int:
    """How many examples a cell may show so that the page stays small."""
    return max(1, min(PER_CELL, ON_PAGE // max(1, cells)))


def examples(pools: Sequence[Pool], cap: int) -> Iterator[tuple[Pool, list[Example]]]:
    """(pool, examples) of one (model, benchmark); none where there is no baseline."""
    baseline = next((pool for pool in pools if pool.is_baseline and pool.scored), None)
    before = baseline.rows() if baseline else None
    for pool in pools:
        if before is None or not pool.scored:
            yield pool, []
        else:
            yield pool, _choose(pair(before, pool.rows(shown=True)), pool.cell.benchmark, cap)


def _choose(pairs: pl.DataFrame, benchmark: str, cap: int) -> list[Example]:
    right_from = resources.right_from(benchmark)
    changed = pl.col("parsed").ne_missing(pl.col("parsed_fp16"))
    kind = pl.when(changed).then(2).otherwise(3)
    if right_from is not None:
        right, before = pl.col("score") >= right_from, pl.col("score_fp16") >= right_from
        kind = pl.when(before & ~right).then(0).when(~before & right).then(1).otherwise(kind)
    chosen = pairs.with_columns(kind.alias("kind")).sort("kind", "id", "seed").head(cap)
    return [_example(row) for row in chosen.iter_rows(named=True)]


def _example(row: dict[str, object]) -> Example:
    seed, prompt, image = row["seed"], row["prompt"], row["image"]
    return Example(
        id=str(row["id"]),
        seed=seed if isinstance(seed, int) else None,
        kind=KINDS[int(str(row["kind"]))],
        prompt=None if prompt is None else _clip(str(prompt)),
        image=None if image is None else str(image),
        before=_clip(str(row["answer_fp16"] or "")),
        after=_clip(str(row["answer"] or "")),
    )


def _clip(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"
