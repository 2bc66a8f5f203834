"""POPE's parsing and metrics: spec/benchmarks.md section 9."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvlm_compress.benchmarks import terms
from lvlm_compress.benchmarks.pope import score as scorer
from lvlm_compress.benchmarks.types import Score, ScoreInputs
from lvlm_compress.errors import UserError
from tests.benchmarks.layouts import answer, cell, scored, write_jsonl
from tests.benchmarks.pope.layout import QUESTIONS, SUFFIX, records, write_all, write_split
from tests.shared_data import shared


def official(text: str) -> str:
    """The rule in words of the spec, in plain Python."""
    words = text.split(".")[0].replace(",", "").split(" ")
    return "no" if {"No", "no", "not"} & set(words) else "yes"


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("No", "no"),
        ("no, there is none", "no"),
        ("There is not", "no"),
        ("Yes. no", "yes"),
        ("NO", "yes"),
        ("no!", "yes"),
        ("No\n..", "yes"),
        ("nope", "yes"),
        ("cannot", "yes"),
        ("isn't", "yes"),
        ("", "yes"),
        ("\u202eon", "yes"),
        ("n,o", "no"),
        (".no", "yes"),
    ],
)
def test_parsing(text: str, parsed: str) -> None:
    frame = pl.DataFrame({"text": [text]})
    assert frame.select(p=scorer.parse(pl.col("text")))["p"].to_list() == [parsed]


@given(st.lists(st.sampled_from(["no", "No", "not", " ", ",", ".", "x", "\n"])))
def test_parsing_equals_the_rule(pieces: list[str]) -> None:
    frame = pl.DataFrame({"text": ["".join(pieces)]})
    found = frame.select(p=scorer.parse(pl.col("text")))["p"][0]
    assert found == official("".join(pieces))


def kit_answers(texts: list[str], offset: int = 10_000_000) -> list[dict[str, object]]:
    return [
        answer(offset + i, text, QUESTIONS[i - 1][1] + SUFFIX)
        for i, text in enumerate(texts, start=1)
    ]


def test_metrics_of_one_subset(tmp_path: Path) -> None:
    result = scored(scorer, write_split(tmp_path / "pope"), kit_answers(["Yes", "Yes", "No", "No"]))
    expected = {"accuracy": 50, "precision": 50, "recall": 50, "f1": 50, "yes_ratio": 50}
    for metric, value in expected.items():
        assert result.metrics[f"random_{metric}"] == pytest.approx(value)
    assert result.metrics["popular_accuracy"] is None
    assert result.reasons["popular_accuracy"] == "subset_absent"
    assert (result.n, result.n_missing, result.official_script_ok) == (4, 0, True)
    assert result.rows.columns[:5] == ["id", "cluster", "answer", "parsed", "score"]


def test_terms_give_the_metrics(tmp_path: Path) -> None:
    data = write_split(tmp_path / "pope")
    result = scored(scorer, data, kit_answers(["Yes", "Yes", "Yes", "No"]))
    recomputed = terms.value(result.terms)
    assert recomputed == {k: v for k, v in result.metrics.items() if k.startswith("random")}
    assert recomputed["random_f1"] == pytest.approx(80)


def test_a_collapsed_model_says_yes(tmp_path: Path) -> None:
    """Section 9: garbage is yes: yes ratio 1 and chance accuracy."""
    result = scored(scorer, write_split(tmp_path / "pope"), kit_answers(["the the"] * 4))
    assert result.metrics["random_yes_ratio"] == 100
    assert result.metrics["random_accuracy"] == 50
    assert result.official_script_ok


def test_chance_of_the_paper_s_file() -> None:
    """Section 14: 1500 yes of 2910 score 51.55, F1 68.03."""
    labels = ["yes"] * 1500 + ["no"] * 1410
    frame = pl.DataFrame({"label": labels, "cluster": ["c"] * 2910, "subset": ["random"] * 2910})
    judged = frame.with_columns(parsed=pl.lit("yes"), correct=pl.col("label") == "yes")
    values = terms.value(scorer._terms(judged, "random"))
    assert round(values["random_accuracy"] or 0, 2) == 51.55
    assert round(values["random_f1"] or 0, 2) == 68.03


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["no"] * 4, "no_predicted_yes:random"),
        (["no", "yes", "no", "yes"], "no_true_positive:random"),
    ],
)
def test_division_by_zero_is_the_paper_s_dash(
    tmp_path: Path, texts: list[str], reason: str
) -> None:
    """Sections 9 and 13: the script fails, our accuracy stays."""
    result = scored(scorer, write_split(tmp_path / "pope"), kit_answers(texts))
    assert (result.official_script_ok, result.failure_reason) == (False, reason)
    assert result.status == "official_script_failed"
    assert result.metrics["random_accuracy"] is not None
    if reason.startswith("no_predicted"):
        assert result.reasons["random_precision"] == "undefined"


def test_answers_are_matched_by_id_in_any_order(tmp_path: Path) -> None:
    data = write_all(tmp_path / "pope")
    lines = kit_answers(["yes", "no", "no", "no"]) + kit_answers(["no", "yes", "yes", "x"], 0)
    forward, backward = scored(scorer, data, lines), scored(scorer, data, lines[::-1])
    assert forward.metrics == backward.metrics
    assert forward.rows.equals(backward.rows)
    assert forward.n_missing == 4


def by_kit(tmp_path: Path, kit: list[tuple[int, str, str, str]]) -> Score:
    data = write_split(tmp_path / "pope")
    write_jsonl(
        data / "llava_pope_test.jsonl",
        [
            {"question_id": i, "category": c, "image": image, "text": text + SUFFIX}
            for i, c, image, text in kit
        ],
    )
    return scored(scorer, data, [answer(i, "yes", text + SUFFIX) for i, _, _, text in kit])


def test_the_kit_s_question_file_says_what_an_id_means(tmp_path: Path) -> None:
    """Section 9: with the newer label file, ids of the 2910 file mean other numbers."""
    image, text, _ = QUESTIONS[2]
    result = by_kit(tmp_path, [(10000001, "random", image, text)])
    assert result.rows["id"].to_list() == ["10000003"]
    assert (result.n, result.n_missing) == (1, 3)


def test_a_question_of_the_kit_without_label_is_unknown(tmp_path: Path) -> None:
    image, text, _ = QUESTIONS[0]
    kit = [(10000001, "random", image, text), (10000002, "random", "z.jpg", text)]
    assert by_kit(tmp_path, kit).counts["unknown_ids"] == 1


def test_numbers_of_the_split_file_do_for_a_single_split(tmp_path: Path) -> None:
    result = scored(scorer, write_split(tmp_path / "pope"), kit_answers(["yes"] * 4, 0))
    assert (result.n, result.n_missing) == (4, 0)


def test_answers_to_another_version_are_an_error(tmp_path: Path) -> None:
    lines = [answer(10000001, "yes", QUESTIONS[2][1] + SUFFIX)]
    with pytest.raises(UserError, match="another version of POPE"):
        scored(scorer, write_split(tmp_path / "pope"), lines)


def test_a_cell_is_scored_on_what_it_answered(tmp_path: Path) -> None:
    data = write_split(tmp_path / "pope")
    answers = cell({"10000001": "yes", "10000002": "no"})
    result = scorer.score(answers, data, ScoreInputs(restrict=True))
    assert (result.n, result.n_missing) == (2, 0)
    assert result.metrics["random_accuracy"] == 100


def test_all_yes_on_the_real_newer_file(tmp_path: Path) -> None:
    """The file of 3000 questions is balanced."""
    lines = [answer(10_000_000 + i, "Yes") for i in range(1, 3001)]
    file = write_jsonl(tmp_path / "a.jsonl", lines)
    data = shared("pope")
    result = scorer.score(scorer.read_answers(file, data), data, ScoreInputs())
    assert result.metrics["random_accuracy"] == 50
    assert result.metrics["random_f1"] == pytest.approx(200 / 3)


def test_duplicate_answers_are_counted(tmp_path: Path) -> None:
    lines = [*kit_answers(["yes"] * 4), kit_answers(["no"])[0]]
    result = scored(scorer, write_split(tmp_path / "pope"), lines)
    assert result.counts["duplicates"] == 1
    assert result.rows["parsed"].to_list() == ["no", "yes", "yes", "yes"]
    assert len(records()) == result.n
