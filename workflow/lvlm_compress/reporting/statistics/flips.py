"""What changed example by example between fp16 and a compressed cell.

An accuracy can stay put while answers change under it (Dutta et al. 2024, "Accuracy is not all you
need"): flips count what the mean hides.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from scipy import stats


@dataclass(frozen=True)
class Flips:
    """Counts over examples that both cells answered; None where right and wrong do not exist.

    Attributes:
        paired: examples both cells have.
        changed: the scorer reads another answer out of the text.
        text_changed: the text itself differs.
        p_mcnemar: exact McNemar test, for scores that are all 0 or 1; clusters are not respected.
    """

    paired: int
    changed: int
    text_changed: int
    right_to_wrong: int | None
    wrong_to_right: int | None
    p_mcnemar: float | None


def pair(baseline: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of both cells side by side by (seed, id); the baseline's columns end in `_fp16`."""
    keys = ["seed", "id"]
    return rows.join(baseline, on=keys, how="inner", suffix="_fp16", nulls_equal=True)


def count(pairs: pl.DataFrame, right_from: float | None) -> Flips:
    """Count flips of paired rows.

    Args:
        pairs: what `pair` returns.
        right_from: the score from which an answer is right; None where there is no such thing.
    """
    changed = int(pairs["parsed"].ne_missing(pairs["parsed_fp16"]).sum())
    text = int(pairs["answer"].ne_missing(pairs["answer_fp16"]).sum())
    if right_from is None:
        return Flips(pairs.height, changed, text, None, None, None)
    scored = pairs.filter(pl.col("score").is_not_null() & pl.col("score_fp16").is_not_null())
    right, before = scored["score"] >= right_from, scored["score_fp16"] >= right_from
    lost, won = int((before & ~right).sum()), int((~before & right).sum())
    if not scored.height:
        return Flips(pairs.height, changed, text, None, None, None)
    return Flips(pairs.height, changed, text, lost, won, _mcnemar(scored, lost, won))


def _mcnemar(scored: pl.DataFrame, lost: int, won: int) -> float | None:
    binary = scored.select(pl.col("score", "score_fp16").is_in([0.0, 1.0]).all())
    if not all(binary.row(0)):
        return None
    if lost + won == 0:
        return 1.0
    return float(stats.binomtest(lost, lost + won, 0.5).pvalue)
