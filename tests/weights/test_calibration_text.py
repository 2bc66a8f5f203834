"""Calibration text: file formats, the original procedure, and messages (spec section 10)."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from lvlm_compress.errors import UserError
from lvlm_compress.weights.calibration_text import CalibrationSpec, calibration_blocks, shuffled
from lvlm_compress.weights.text_files import read_documents

BOS = 1000
SHIPPED = Path(__file__).parents[2] / "workflow/resources/calibration"


class Words:
    """A tokenizer with one id a word (its number) and a BOS."""

    def encode(self, text: str) -> list[int]:
        return [BOS, *map(int, text.split())]


def _write(path: Path, texts: list[str]) -> Path:
    path.write_text("".join(json.dumps({"text": t, "meta": {}}) + "\n" for t in texts))
    return path


def test_documents_are_shuffled_filtered_joined_and_cut(tmp_path: Path) -> None:
    texts = [f"  {i} {i} " for i in range(20)] + [" ".join(["77"] * 5), "   "]
    path = _write(tmp_path / "a.jsonl", texts)
    blocks = calibration_blocks(CalibrationSpec(path, samples=6, block=4, seed=3), Words())
    order = [i for i in shuffled(len(texts), 3) if i < 20][:6]
    stream = [token for i in order for token in (BOS, i, i)]
    assert blocks == [stream[0:4], stream[4:8], stream[8:12], stream[12:16]]


def test_another_seed_takes_other_documents(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.jsonl", [f"{i} {i}" for i in range(50)])
    drawn = [calibration_blocks(CalibrationSpec(path, 4, 12, seed), Words()) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_the_permutation_never_changes() -> None:
    assert shuffled(8, 42) == [1, 0, 6, 4, 7, 5, 3, 2]


def test_all_formats_hold_the_same_documents(tmp_path: Path) -> None:
    import polars
    import zstandard

    texts = ["one two", "three\nfour", "fünf"]
    plain = _write(tmp_path / "a.jsonl", texts)
    packed = tmp_path / "a.jsonl.zst"
    packed.write_bytes(zstandard.compress(plain.read_bytes()))
    table = tmp_path / "a.parquet"
    polars.DataFrame({"text": texts}).write_parquet(table)
    prose = tmp_path / "a.txt"
    prose.write_text("\n\n\n".join(texts), encoding="utf-8")
    assert [read_documents(p) for p in (plain, packed, table, prose)] == [texts] * 4


def test_too_few_documents_says_what_is_needed_and_found(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.jsonl", ["1 2 3", "1 2 3 4 5 6 7 8 9", "4"])
    with pytest.raises(UserError) as caught:
        calibration_blocks(CalibrationSpec(path, samples=9, block=5), Words())
    message = str(caught.value)
    assert "9 documents of at most 5 tokens" in message
    assert "found 2 such documents with 6 tokens, and 1 documents that are longer" in message


def test_less_than_one_block_is_an_error(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.jsonl", ["1", "2"])
    with pytest.raises(UserError, match=r"at least 50 tokens together.* with 4 tokens"):
        calibration_blocks(CalibrationSpec(path, samples=2, block=50), Words())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", '{"text": "x"}\n{"text": \n', "line 2: not a JSON object"),
        ("a.jsonl", '{"text": "x"}\n\n{"words": "y"}\n', "line 3: no string field 'text'"),
        ("a.csv", "text\n", "ends in none of"),
        ("a.zst", "", "ends in none of"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, name: str, content: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(UserError, match=message):
        read_documents(path)


def test_a_missing_file_and_a_wrong_column_are_named(tmp_path: Path) -> None:
    import polars

    with pytest.raises(UserError, match="does not exist"):
        read_documents(tmp_path / "none.jsonl")
    polars.DataFrame({"content": ["x"]}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(UserError, match="no column 'text'"):
        read_documents(tmp_path / "a.parquet")


def test_the_shipped_text_is_what_its_script_writes() -> None:
    script = runpy.run_path(str(SHIPPED / "make_text.py"))
    content = (SHIPPED / "neutral.jsonl").read_text(encoding="utf-8")
    assert script["content"]() == content
    assert len(content) <= 200_000
