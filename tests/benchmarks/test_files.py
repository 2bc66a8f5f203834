"""Complaints name file, line or entry, and field (issue: malformed files)."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from lvlm_compress.benchmarks import files
from lvlm_compress.errors import UserError


def test_find_names_what_was_tried(tmp_path: Path) -> None:
    (tmp_path / "b").touch()
    assert files.find(tmp_path, "a", "b") == tmp_path / "b"
    with pytest.raises(UserError, match="holds none of x, y"):
        files.find(tmp_path, "x", "y")
    with pytest.raises(UserError, match="does not exist"):
        files.find(tmp_path / "gone", "x")


def test_json_errors_have_a_place(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text('{\n "a": }')
    with pytest.raises(UserError, match=r"a\.json is not valid JSON \(line 2, column 7\)"):
        files.read_json(file)


def test_byte_order_marks_are_dropped(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(b"\xef\xbb\xbf[1]")
    assert files.read_json(file) == [1]


def test_a_key_given_twice_is_an_error_where_keys_are_ids(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text('{"v1_0": 1, "v1_1": 2, "v1_0": 3}')
    assert files.read_json(file) == {"v1_0": 3, "v1_1": 2}
    with pytest.raises(UserError, match="key 'v1_0' twice"):
        files.read_json(file, unique_keys=True)


def test_field_checks_presence_and_kind() -> None:
    assert files.field({"a": 1}, "a", int, Path("f"), 3) == 1
    with pytest.raises(UserError, match=r"f, line 3: field 'a' is bool; it must be int"):
        files.field({"a": True}, "a", int, Path("f"), 3)
    with pytest.raises(UserError, match=r"f, entry 'k': field 'b' is missing; .* int or str"):
        files.field({"a": 1}, "b", (int, str), Path("f"), "k")


def test_csv_columns_are_text_and_must_be_there(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text('seed,caption\n01,"=1+1, two"\n')
    assert files.read_csv(file, ["caption", "seed"]).rows() == [("=1+1, two", "01")]
    with pytest.raises(UserError, match="column 'rank' is missing"):
        files.read_csv(file, ["rank"])


def test_duplicate_keys_of_a_data_set_are_shown() -> None:
    frame = pl.DataFrame({"a": ["x", "x"], "b": [1, 1]})
    assert files.no_duplicates(frame.head(1), ["a", "b"], Path("f")).height == 1
    with pytest.raises(UserError, match="a = 'x', b = 1"):
        files.no_duplicates(frame, ["a", "b"], Path("f"))
