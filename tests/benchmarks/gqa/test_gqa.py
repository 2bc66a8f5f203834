"""GQA: spec/benchmarks.md section 5."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvlm_compress.benchmarks import terms
from lvlm_compress.benchmarks.gqa import score as scorer
from lvlm_compress.benchmarks.gqa.task import DECODING, load
from lvlm_compress.benchmarks.types import Decoding, ImageSource, ScoreInputs
from lvlm_compress.errors import UserError
from tests.benchmarks.layouts import answer, cell, scored, write_json, write_mirror

SUFFIX = "\nAnswer the question using a single word or phrase."
NAME = "testdev_balanced_questions.json"


def entry(image: str, text: str, gold: str, structural: str, balanced: bool = True) -> dict:
    return {
        "imageId": image,
        "question": text,
        "answer": gold,
        "fullAnswer": "",
        "isBalanced": balanced,
        "types": {"structural": structural, "semantic": "rel", "detailed": "d"},
        "groups": {"global": None, "local": "l"},
    }


QUESTIONS = {
    "201": entry("n1", "Who is there?", "man", "query"),
    "202": entry("n1", "Is it red?", "yes", "verify"),
    "203": entry("n2", "Is it on the left or right?", "left", "choose"),
    "204": entry("n2", "What is it?", "car", "query", balanced=False),
}


def layout(tmp_path: Path, place: str = f"data/{NAME}") -> Path:
    write_json(tmp_path / "gqa" / place, QUESTIONS)
    return tmp_path / "gqa"


@pytest.mark.parametrize("place", [f"data/{NAME}", NAME, f"data/questions1.2/{NAME}"])
def test_prompts_of_balanced_questions(tmp_path: Path, place: str) -> None:
    examples = load(layout(tmp_path, place))
    assert Decoding(128) == DECODING
    assert [e.id for e in examples] == ["201", "202", "203"]
    assert examples[0].prompt == "Who is there?" + SUFFIX
    assert [e.cluster for e in examples] == ["n1", "n1", "n2"]
    assert examples[0].image is not None
    assert examples[0].image.path.name == "n1.jpg"


def test_pictures_are_where_the_kit_has_them(tmp_path: Path) -> None:
    data = layout(tmp_path)
    (data / "data" / "images").mkdir()
    assert load(data, 1)[0].image == ImageSource(data / "data/images/n1.jpg", "201")


def mirror(tmp_path: Path, images: list[str]) -> Path:
    rows = list(QUESTIONS.items())
    columns = {"id": [key for key, _ in rows]} | {
        name: [one[name] for _, one in rows] for name in rows[0][1] if name != "groups"
    }
    folder = tmp_path / "mirror"
    frame = folder / "testdev_balanced_instructions" / "testdev-00000-of-00001.parquet"
    frame.parent.mkdir(parents=True)
    pl.DataFrame(columns).write_parquet(frame)
    write_mirror(folder / "testdev_balanced_images" / "testdev-0.parquet", {"id": images})
    return folder


def test_a_mirror_joins_its_two_parts(tmp_path: Path) -> None:
    """Section 5: instructions and images are two configs, joined on imageId."""
    mirrored, plain = load(mirror(tmp_path, ["n2", "n1"])), load(layout(tmp_path))
    assert [(e.id, e.prompt, e.cluster) for e in mirrored] == [
        (e.id, e.prompt, e.cluster) for e in plain
    ]
    assert [e.image.row for e in mirrored if e.image] == [1, 1, 0]


def test_a_mirror_without_a_picture_says_which(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="image 'n1' is in no"):
        load(mirror(tmp_path, ["n2"]))


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("Yes.", "yes"),
        ("Yes...", "yes"),
        ("yes .", "yes "),
        ("The man", "the man"),
        (" yes", " yes"),
    ],
)
def test_only_trailing_full_stops_and_case_are_forgiven(text: str, parsed: str) -> None:
    assert pl.DataFrame({"t": [text]}).select(p=scorer.parse(pl.col("t")))["p"][0] == parsed


@given(st.text())
def test_parsing_equals_python_s(text: str) -> None:
    found = pl.DataFrame({"t": [text]}).select(p=scorer.parse(pl.col("t")))["p"][0]
    assert found == text.rstrip(".").lower()


def test_open_and_binary_questions(tmp_path: Path) -> None:
    lines = [
        answer("203", "right"),
        answer("201", "Man."),
        answer("202", "yes"),
        answer("204", "x"),
    ]
    result = scored(scorer, layout(tmp_path), lines)
    assert result.metrics == {"accuracy": pytest.approx(200 / 3), "open": 100, "binary": 50}
    assert terms.value(result.terms) == result.metrics
    assert (result.n, result.counts["unknown_ids"], result.status) == (3, 1, "ok")


def test_a_missing_answer_aborts_the_official_script(tmp_path: Path) -> None:
    result = scored(scorer, layout(tmp_path), [answer("201", "man"), answer("203", "x")])
    assert (result.n, result.n_missing) == (2, 1)
    assert (result.official_script_ok, result.failure_reason) == (False, "missing_prediction")
    assert result.metrics["accuracy"] == 50


def test_the_last_duplicate_wins(tmp_path: Path) -> None:
    result = scored(scorer, layout(tmp_path), [answer("201", "x"), answer("201", "man")])
    assert (result.metrics["accuracy"], result.counts["duplicates"]) == (100, 1)


def test_a_cell_is_scored_on_what_it_answered(tmp_path: Path) -> None:
    result = scorer.score(cell({"202": "Yes"}), layout(tmp_path), ScoreInputs(restrict=True))
    assert (result.metrics["accuracy"], result.metrics["open"]) == (100, None)
    assert (result.n_missing, result.official_script_ok) == (0, True)


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    broken = {"201": {k: v for k, v in QUESTIONS["201"].items() if k != "types"}}
    write_json(tmp_path / NAME, broken)
    with pytest.raises(UserError, match=r"entry '201': field 'types' is missing"):
        load(tmp_path)
