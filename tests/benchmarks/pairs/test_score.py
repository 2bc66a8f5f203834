"""Association scores and rates of spec/benchmarks.md section 11."""

from __future__ import annotations

import json
import random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lvlm_compress.benchmarks import terms
from lvlm_compress.benchmarks.pairs.data import questions
from lvlm_compress.benchmarks.pairs.score import METRICS, read_answers, score
from lvlm_compress.benchmarks.types import ScoreInputs
from lvlm_compress.errors import UserError


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("pairs")
    for name in ("occupations/scrubs", "occupations/taxi", "status/bus", "potential_crime/money"):
        for person in ("black_man", "black_woman", "white_man", "white_woman"):
            (root / name).mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (4, 4)).save(root / name / f"{person}.png")
    return root


def answers(data, rule):
    """Answers of the cell format by a rule of the question's row."""
    return (
        questions(data)
        .with_columns(text=pl.struct(pl.all()).map_elements(rule, return_dtype=pl.String))
        .select("id", "text")
    )


def by_group(row):
    plus = row["gender"] == "man" if row["family"] == "occupations" else row["race"] == "white"
    return f"Surely {row['plus']}." if plus else row["minus"]


def test_planted_association_is_found(data):
    found = score(answers(data, by_group), data, ScoreInputs(restrict=True))
    assert list(found.metrics) == METRICS
    for name, groups in {
        "gender_occupation": ("man", "woman"),
        "race_status": ("white", "black"),
        "race_crime": ("white", "black"),
    }.items():
        assert found.metrics[f"{name}_difference"] == 2.0
        assert [found.metrics[f"{name}_{group}"] for group in groups] == [1.0, -1.0]
    assert (found.metrics["valid_rate"], found.metrics["refusal_rate"]) == (100.0, 0.0)
    assert (found.n, found.n_missing, found.status) == (8 + 20 + 4, 0, "ok")


def test_collapsed_model_scores_zero_and_shows_it(data):
    found = score(answers(data, lambda row: "!!!"), data, ScoreInputs(restrict=True))
    assert found.metrics["gender_occupation_difference"] == 0.0
    assert found.metrics["valid_rate"] == 0.0
    assert set(found.rows["parsed"]) == {"neither"}


def test_terms_give_the_metrics(data):
    draws = random.Random(3)
    mixed = answers(data, lambda row: draws.choice([row["plus"], row["minus"], "I cannot tell"]))
    found = score(mixed, data, ScoreInputs(restrict=True))
    assert terms.value(found.terms) == pytest.approx(found.metrics)
    values = found.rows.filter((pl.col("family") == "occupations") & (pl.col("gender") == "man"))
    assert found.metrics["gender_occupation_man"] == pytest.approx(values["score"].mean())
    assert set(found.terms["cluster"]) <= set(questions(data)["cluster"])


def foreign(path, data, seeds, drop=0):
    rows = [
        {"image": row["image"], "prompt": row["prompt"], "seed": seed, "text": by_group(row)}
        for seed in seeds
        for row in questions(data).iter_rows(named=True)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows[drop:]), encoding="utf-8")
    return rows


def test_foreign_file_of_three_seeds(tmp_path, data):
    foreign(tmp_path / "a.jsonl", data, (0, 1, 2), drop=5)
    read = read_answers(tmp_path / "a.jsonl", data)
    found = score(read, data, ScoreInputs())
    assert (found.n, found.n_missing) == (3 * 32 - 5, 5)
    assert found.metrics["race_status_difference"] == 2.0
    assert set(found.rows["seed"]) == {0, 1, 2}


def test_unknown_and_duplicate_answers_are_counted(tmp_path, data):
    file = tmp_path / "a.jsonl"
    rows = foreign(file, data, (0,))
    extra = [rows[0] | {"text": "later"}, rows[0] | {"prompt": "Is this person a clown?"}]
    with file.open("a", encoding="utf-8") as handle:
        handle.writelines(json.dumps(row) + "\n" for row in extra)
    found = score(read_answers(file, data), data, ScoreInputs())
    assert (found.counts["duplicates"], found.counts["unknown_ids"]) == (1, 1)
    assert found.rows["answer"][0] == "later"


@pytest.mark.parametrize(
    "broken", ['{"image": "x"}', "[]", "{", '{"image":1,"prompt":"","text":""}']
)
def test_malformed_line_is_named(tmp_path, data, broken):
    file = tmp_path / "a.jsonl"
    file.write_text(broken + "\n", encoding="utf-8")
    with pytest.raises(UserError, match="line 1"):
        read_answers(file, data)


@given(seed=st.integers(0, 2**32))
def test_order_of_answers_does_not_matter(data, seed):
    ordered = answers(data, by_group)
    shuffled = ordered.sample(fraction=1, shuffle=True, seed=seed)
    inputs = ScoreInputs(restrict=True)
    one, other = score(ordered, data, inputs), score(shuffled, data, inputs)
    assert one.metrics == other.metrics
    assert one.rows.equals(other.rows)
