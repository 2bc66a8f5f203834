"""ScienceQA: spec/benchmarks.md section 7."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from lvlm_compress.benchmarks import terms
from lvlm_compress.benchmarks.scienceqa import score as scorer
from lvlm_compress.benchmarks.scienceqa.task import DECODING, load, prompt
from lvlm_compress.benchmarks.types import Decoding, ImageSource, ScoreInputs
from lvlm_compress.errors import UserError
from tests.benchmarks.layouts import answer, cell, png, scored, write_json, write_mirror

SUFFIX = "\nAnswer with the option's letter from the given choices directly."


def problem(question: str, choices: list[str], gold: int, **more: Any) -> dict[str, Any]:
    base = {"hint": "", "image": None, "subject": "natural science", "grade": "grade3"}
    return {"question": question, "choices": choices, "answer": gold, **base, **more}


PROBLEMS = {
    "11": problem("Which?", ["red", "blue"], 1, image="image.png", hint="Look  at it."),
    "12": problem("Who?", ["a", "b", "c"], 0, subject="social science", grade="grade8"),
    "13": problem("What?", ["x", "y"], 1, subject="language science", hint="Read."),
    "99": problem("Not in the test split?", ["x"], 0),
}


def layout(tmp_path: Path) -> Path:
    data = tmp_path / "scienceqa"
    write_json(data / "problems.json", PROBLEMS)
    write_json(data / "pid_splits.json", {"test": ["13", "11", "12"], "train": ["99"]})
    return data


def line(pid: str, text: str, image: bool = False) -> dict[str, Any]:
    return answer(pid, text, ("<image>\n" if image else "") + PROBLEMS[pid]["question"])


def test_prompt_lines() -> None:
    """Context only with a hint; double blanks become single in one pass."""
    assert prompt("Which?", ["red", "blue"], "") == "Which?\nA. red\nB. blue" + SUFFIX
    assert prompt("A  b   c?", ["x"], "Look  up.") == ("Context: Look up.\nA b  c?\nA. x" + SUFFIX)


def test_examples_in_split_order(tmp_path: Path) -> None:
    data = layout(tmp_path)
    examples = load(data)
    assert Decoding(1024) == DECODING
    assert [e.id for e in examples] == ["13", "11", "12"]
    assert examples[0].image is None
    assert examples[1].image == ImageSource(data / "images/test/11/image.png", "11")
    assert [e.id for e in load(data, images_only=True)] == ["11"]


def mirror(tmp_path: Path) -> Path:
    rows = [PROBLEMS[pid] for pid in ("13", "11", "12")]
    cells = [None if row["image"] is None else {"bytes": png(), "path": "i.png"} for row in rows]
    struct = pl.Struct({"bytes": pl.Binary, "path": pl.String})
    names = ["question", "choices", "answer", "hint", "subject", "grade"]
    columns = {name: [row[name] for row in rows] for name in names}
    file = tmp_path / "m" / "ScienceQA-FULL" / "test-00000-of-00001.parquet"
    file.parent.mkdir(parents=True)
    pl.DataFrame({"image": pl.Series(cells, dtype=struct), **columns}).write_parquet(file)
    return tmp_path / "m"


def test_a_mirror_has_rows_for_ids(tmp_path: Path) -> None:
    write_mirror(tmp_path / "m" / "ScienceQA-IMG" / "test-0.parquet", {"question": ["again"]})
    mirrored, plain = load(mirror(tmp_path)), load(layout(tmp_path))
    assert [e.prompt for e in mirrored] == [e.prompt for e in plain]
    assert [e.id for e in mirrored] == ["test_0", "test_1", "test_2"]
    assert [e.image is None for e in mirrored] == [True, False, True]
    assert mirrored[1].image is not None
    assert mirrored[1].image.row == 1


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("B", "B"),
        ("E", "E"),
        ("B. blue", "B"),
        ("B. ", "B"),
        ("I think. The answer is B.", "B"),
        ("The answer is B because", "B"),
        ("The answer is Z!", "Z"),
        ("a", "FAILED"),
        ("B)", "FAILED"),
        ("A.", "FAILED"),
        ("(A)", "FAILED"),
        ("A ", "FAILED"),
        ("F", "FAILED"),
        ("AB", "FAILED"),
        ("", "FAILED"),
        ("The answer is B", "FAILED"),
        ("The answer is B\n", "FAILED"),
        ("The answer is A. The answer is B.", "FAILED"),
    ],
)
def test_parsing(text: str, parsed: str) -> None:
    assert scorer.parse(text) == parsed


def test_accuracy_overall_and_with_pictures(tmp_path: Path) -> None:
    lines = [line("12", "B"), line("11", "B. blue", image=True), line("13", "B")]
    result = scored(scorer, layout(tmp_path), lines)
    assert result.metrics["accuracy"] == pytest.approx(200 / 3)
    assert result.metrics["img_accuracy"] == 100
    assert result.metrics["natural_science"] == result.metrics["language_science"] == 100
    assert result.metrics["social_science"] == result.metrics["grade_7_12"] == 0
    assert (result.metrics["context_text"], result.metrics["context_none"]) == (100, 0)
    assert terms.value(result.terms) == result.metrics


def test_a_letter_must_index_a_choice(tmp_path: Path) -> None:
    result = scored(scorer, layout(tmp_path), [line("11", "C"), line("13", "The answer is Z.")])
    assert result.metrics["accuracy"] == 0
    assert result.rows["parsed"].to_list() == ["Z", "C", "FAILED"]


def test_missing_answers_are_wrong_and_text_only(tmp_path: Path) -> None:
    """Section 7: they leave the IMG denominator but stay in the overall one."""
    result = scored(scorer, layout(tmp_path), [line("13", "B")])
    assert (result.n, result.n_missing) == (3, 2)
    assert result.metrics["accuracy"] == pytest.approx(100 / 3)
    assert result.metrics["img_accuracy"] is None
    assert result.official_script_ok


def test_the_stored_prompt_says_what_is_a_picture_question(tmp_path: Path) -> None:
    result = scored(scorer, layout(tmp_path), [line("11", "B"), line("13", "A", image=True)])
    assert result.metrics["img_accuracy"] == 0


def test_later_duplicates_win(tmp_path: Path) -> None:
    result = scored(scorer, layout(tmp_path), [line("13", "A"), line("13", "B")])
    assert (result.metrics["language_science"], result.counts["duplicates"]) == (100, 1)


def test_a_cell_uses_the_data_s_pictures(tmp_path: Path) -> None:
    inputs = ScoreInputs(restrict=True)
    result = scorer.score(cell({"11": "B", "13": "A"}), layout(tmp_path), inputs)
    assert (result.n, result.metrics["accuracy"], result.metrics["img_accuracy"]) == (2, 50, 100)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"answer": 2}, "problem '11': field 'answer' indexes no choice"),
        ({"answer": "1"}, "entry '11': field 'answer' is str"),
        ({"choices": [1, 2]}, "entry '11': field 'choices' must be a list of texts"),
        ({"image": "../../../x.png"}, "leaves the data folder"),
    ],
)
def test_malformed_problems_are_errors(
    tmp_path: Path, change: dict[str, Any], complaint: str
) -> None:
    data = layout(tmp_path)
    write_json(data / "problems.json", PROBLEMS | {"11": PROBLEMS["11"] | change})
    with pytest.raises(UserError, match=complaint):
        load(data)


def test_a_split_must_name_problems_once(tmp_path: Path) -> None:
    data = layout(tmp_path)
    write_json(data / "pid_splits.json", {"test": ["11", "11"]})
    with pytest.raises(UserError, match="names a problem twice"):
        load(data)
    write_json(data / "pid_splits.json", {"test": ["404"]})
    with pytest.raises(UserError, match="has no problem '404'"):
        load(data)
