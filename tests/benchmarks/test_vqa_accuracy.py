"""Soft accuracy of spec/benchmarks.md section 4."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvlm_compress.benchmarks.vqa_accuracy import map_humans, matches, soft_score


def leave_one_out(prediction: str, humans: list[str]) -> float:
    """The definition: mean over humans of min(1, matches among the others / 3)."""
    others = ([h for j, h in enumerate(humans) if j != i] for i in range(len(humans)))
    return sum(min(1.0, rest.count(prediction) / 3) for rest in others) / len(humans)


@given(st.lists(st.sampled_from(["a", "b", "c"]), min_size=10, max_size=10))
def test_closed_form_equals_the_definition(humans: list[str]) -> None:
    frame = pl.DataFrame({"p": ["a"], "h": [humans]})
    counted = frame.with_columns(matches(frame, "p", "h").alias("m"))
    found = counted.select(soft_score(pl.col("m")).alias("s"))["s"][0]
    assert found == pytest.approx(leave_one_out("a", humans), abs=1e-12)


def test_the_five_values() -> None:
    scores = pl.DataFrame({"m": [0, 1, 2, 3, 4, 10]}).select(soft_score(pl.col("m")).alias("s"))
    assert scores["s"].to_list() == [0, 0.3, 0.6, 0.9, 1, 1]


def test_humans_are_mapped_in_place() -> None:
    humans = pl.Series([["A"] * 10, [str(i) for i in range(10)]])
    assert map_humans(humans, str.lower).to_list() == [["a"] * 10, [str(i) for i in range(10)]]
