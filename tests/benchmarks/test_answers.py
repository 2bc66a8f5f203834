"""Answer files and their meeting with the questions: spec/benchmarks.md section 0."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvlm_compress.benchmarks.answers import match, read_llava
from lvlm_compress.errors import UserError
from tests.benchmarks.layouts import answer, cell, write_jsonl

GOLD = pl.DataFrame({"id": ["a", "b", "c"]})


def test_reads_integer_and_text_ids(tmp_path: Path) -> None:
    file = write_jsonl(tmp_path / "a.jsonl", [answer(1, "x", "p"), answer("v1_2", "y", "q")])
    frame = read_llava(file)
    assert frame["id"].to_list() == ["1", "v1_2"]
    assert frame.select("prompt", "text", "line").rows() == [("p", "x", 1), ("q", "y", 2)]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "line 2 is not valid JSON"),
        ("[1]", "line 2 must be a JSON object"),
        ('{"text": "x"}', "line 2: field 'question_id' is missing"),
        ('{"question_id": true, "text": "x"}', "line 2: field 'question_id' is bool"),
        ('{"question_id": 1, "text": 5}', "line 2: field 'text' is int"),
        ('{"question_id": 1, "text": "x", "prompt": []}', "line 2: field 'prompt' is list"),
        ("[" * 100_000, "line 2 can't be read as JSON"),
        ('{"question_id": ' + "9" * 5000 + ', "text": ""}', "line 2 can't be read as JSON"),
    ],
)
def test_complaints_name_the_line_and_field(tmp_path: Path, line: str, complaint: str) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text(json.dumps(answer(1, "x")) + "\n" + line + "\n")
    with pytest.raises(UserError, match=complaint):
        read_llava(file)


def test_unreadable_lines_can_be_skipped_and_are_counted(tmp_path: Path) -> None:
    """Section 8: VQAv2's tool skips unreadable lines."""
    file = tmp_path / "answers.jsonl"
    file.write_text("garbage\n" + json.dumps(answer("a", "x")) + "\n")
    matched = match(read_llava(file, skip_unreadable=True), GOLD)
    assert matched.counts == {"duplicates": 0, "unknown_ids": 0, "unreadable_lines": 1}


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_an_empty_file_is_an_error(tmp_path: Path, content: str) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text(content)
    with pytest.raises(UserError, match="no answers"):
        read_llava(file)


def test_files_that_are_no_text_are_errors(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="UTF-8"):
        read_llava(tmp_path / "binary")
    with pytest.raises(UserError, match="does not exist"):
        read_llava(tmp_path / "absent")


HOSTILE = ["\x00\x1b[31m", "\u202eabc", "=1+1", "<script>", "\u2028\x85\x0c", "a" * 10_000_000]


def test_hostile_text_is_kept_as_text(tmp_path: Path) -> None:
    """Control characters, right-to-left marks, formulas, line separators and 10 MB answers."""
    file = write_jsonl(tmp_path / "a.jsonl", [answer(i, text) for i, text in enumerate(HOSTILE)])
    assert read_llava(file)["text"].to_list() == HOSTILE


def test_lone_surrogates_become_question_marks(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"question_id": "\\ud800", "prompt": "\\udfff", "text": "x\\ud800y"}\n')
    assert read_llava(file).select("id", "prompt", "text").row(0) == ("?", "?", "x?y")


@pytest.mark.parametrize(("keep", "text"), [("first", ["1"]), ("last", ["2"]), ("all", ["1", "2"])])
def test_duplicates_are_counted_and_chosen_by_rule(keep: str, text: list[str]) -> None:
    answers = pl.DataFrame({"id": ["a", "a"], "text": ["1", "2"]})
    matched = match(answers, GOLD, keep=keep)  # type: ignore[arg-type]
    assert matched.answered["text"].to_list() == text
    assert matched.counts["duplicates"] == 1
    assert matched.n_missing == 2


def test_unknown_and_missing_are_counted() -> None:
    matched = match(cell({"b": "x", "zzz": "y"}), GOLD)
    assert (matched.n_missing, matched.counts["unknown_ids"]) == (2, 1)
    assert matched.frame["text"].to_list() == [None, "x", None]


def test_answers_to_another_data_set_are_an_error() -> None:
    with pytest.raises(UserError, match="No answer belongs"):
        match(cell({"q1": "x"}), GOLD)


def test_a_cell_restricts_the_questions_and_knows_all_its_ids() -> None:
    matched = match(cell({"c": "x"}), GOLD, restrict=True)
    assert matched.frame["id"].to_list() == ["c"]
    assert matched.n_missing == 0
    with pytest.raises(UserError, match="no question of the data: 'zzz'"):
        match(cell({"c": "x", "zzz": "y"}), GOLD, restrict=True)


@given(st.permutations(["a", "b", "c"]))
def test_order_of_answers_does_not_matter(order: list[str]) -> None:
    matched = match(cell({name: f"answer {name}" for name in order}), GOLD)
    assert matched.frame.rows() == [(name, f"answer {name}") for name in "abc"]
