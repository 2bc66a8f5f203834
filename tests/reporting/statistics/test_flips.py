"""Flips and McNemar's test."""

from __future__ import annotations

import polars as pl
import pytest

from lvlm_compress.reporting.statistics.flips import count, pair


def _rows(
    scores: list[float | None], parsed: list[str | None], seed: int | None = None
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "id": [f"q{n}" for n in range(len(scores))],
            "seed": pl.Series([seed] * len(scores), dtype=pl.Int64),
            "cluster": ["c"] * len(scores),
            "answer": parsed,
            "parsed": parsed,
            "score": pl.Series(scores, dtype=pl.Float64),
        }
    )


def test_counts_each_direction() -> None:
    before = _rows([1, 1, 0, 0, 1], ["a", "b", "c", "d", "e"])
    after = _rows([1, 0, 1, 0, 1], ["a", "x", "y", "z", "e"])
    found = count(pair(before, after), 0.5)
    assert (found.paired, found.changed) == (5, 3)
    assert (found.right_to_wrong, found.wrong_to_right) == (1, 1)


def test_pairs_by_seed_and_id_and_leaves_out_what_one_lacks() -> None:
    before = pl.concat([_rows([1, 1], ["a", "a"], 0), _rows([1], ["b"], 1)])
    after = _rows([1], ["b"], 1)
    pairs = pair(before, after)
    assert pairs.height == 1
    assert count(pairs, 0.5).changed == 0


def test_an_unreadable_answer_is_an_answer_of_its_own() -> None:
    found = count(pair(_rows([1], ["a"]), _rows([0], [None])), 0.5)
    assert found.changed == 1


def test_no_right_and_wrong_where_the_benchmark_has_none() -> None:
    found = count(pair(_rows([1, -1], ["a", "b"]), _rows([-1, -1], ["c", "b"])), None)
    assert found.changed == 1
    assert found.right_to_wrong is None
    assert found.p_mcnemar is None


def test_graded_scores_have_no_mcnemar() -> None:
    assert count(pair(_rows([0.6], ["a"]), _rows([0.3], ["b"])), 0.5).p_mcnemar is None


@pytest.mark.parametrize(("lost", "won"), [(0, 0), (1, 0), (9, 2), (30, 30), (3, 40)])
def test_mcnemar_is_statsmodels_exact_test(lost: int, won: int) -> None:
    contingency = pytest.importorskip("statsmodels.stats.contingency_tables")
    before = [1.0] * lost + [0.0] * won + [1.0] * 5
    after = [0.0] * lost + [1.0] * won + [1.0] * 5
    texts = [str(n) for n in range(len(before))]
    found = count(pair(_rows(before, texts), _rows(after, texts)), 0.5)
    expected = contingency.mcnemar([[5, lost], [won, 0]], exact=True).pvalue
    assert found.p_mcnemar == pytest.approx(expected)
