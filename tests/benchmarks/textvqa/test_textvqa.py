"""TextVQA: spec/benchmarks.md section 4."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lvlm_compress.benchmarks import terms
from lvlm_compress.benchmarks.textvqa import score as scorer
from lvlm_compress.benchmarks.textvqa.prompts import question_of
from lvlm_compress.benchmarks.textvqa.task import DECODING, KIT, load
from lvlm_compress.benchmarks.types import Decoding, ImageSource, ScoreInputs
from lvlm_compress.errors import UserError
from tests.benchmarks.layouts import answer, cell, scored, write_json, write_jsonl, write_mirror

SUFFIX = "\nAnswer the question using a single word or phrase."


def entry(number: int, image: str, question: str, answers: list[str]) -> dict[str, Any]:
    return {"question_id": number, "image_id": image, "question": question, "answers": answers}


ENTRIES = [
    entry(
        34602, "i1", "What is the brand of THIS camera?", ["nous les gosses"] * 2 + ["dakota"] * 8
    ),
    entry(34603, "i2", "what year?", ["the"] * 10),
    entry(34604, "i2", "How many?", ["2"] * 3 + ["two"] * 0 + ["3"] * 7),
]
PROMPTS = {
    34602: "What is the brand of this camera?\nReference OCR token: DAKOTA, DIGITAL" + SUFFIX,
    34603: "What year?\nReference OCR token: " + SUFFIX,
    34604: "How many?\nReference OCR token: 2, A" + SUFFIX,
}


def layout(tmp_path: Path, entries: list[dict[str, Any]] = ENTRIES) -> Path:
    data = tmp_path / "textvqa"
    write_json(data / "TextVQA_0.5.1_val.json", {"dataset_type": "val", "data": entries})
    kit = [
        {
            "question_id": one["image_id"],
            "image": f"{one['image_id']}.jpg",
            "text": PROMPTS[one["question_id"]],
            "category": "default",
        }
        for one in entries
    ]
    write_jsonl(data / KIT, kit)
    return data


def lines(*texts: str) -> list[dict[str, Any]]:
    return [
        answer(one["image_id"], text, PROMPTS[one["question_id"]])
        for one, text in zip(ENTRIES, texts, strict=False)
    ]


def test_prompts_are_the_kit_s(tmp_path: Path) -> None:
    data = layout(tmp_path)
    examples = load(data)
    assert Decoding(128) == DECODING
    assert {int(e.id): e.prompt for e in examples} == PROMPTS
    assert examples[0].image == ImageSource(data / "train_images" / "i1.jpg", "34602")
    assert [e.cluster for e in examples] == ["i1", "i2", "i2"]


def test_prompts_without_ocr(tmp_path: Path) -> None:
    assert load(layout(tmp_path), 1, ocr=False)[0].prompt == (
        "What is the brand of this camera?" + SUFFIX
    )


def mirror(tmp_path: Path) -> Path:
    columns = {name: [one[name] for one in ENTRIES] for name in ENTRIES[0]}
    tokens = {"ocr_tokens": [["DAKOTA", "DIGITAL"], [], ["2", "A"]]}
    write_mirror(tmp_path / "m" / "data" / "validation-0.parquet", columns | tokens)
    write_mirror(tmp_path / "m" / "data" / "train-0.parquet", {"x": [1]})
    return tmp_path / "m"


@pytest.mark.parametrize("ocr", [True, False])
def test_a_mirror_builds_the_same_prompts(tmp_path: Path, ocr: bool) -> None:
    """Section 4: first letter upper, the rest lower case; an empty token line keeps its blank."""
    built, kit = load(mirror(tmp_path), ocr=ocr), load(layout(tmp_path), ocr=ocr)
    assert [(e.id, e.prompt, e.cluster) for e in built] == [
        (e.id, e.prompt, e.cluster) for e in kit
    ]
    assert built[1].image == ImageSource(tmp_path / "m/data/validation-0.parquet", "34603", 1)


def test_a_kit_question_that_the_data_lacks_is_an_error(tmp_path: Path) -> None:
    data = layout(tmp_path)
    write_json(data / "TextVQA_0.5.1_val.json", {"data": ENTRIES[1:]})
    with pytest.raises(UserError, match="image 'i1' has no such question"):
        load(data)


@pytest.mark.parametrize(
    ("prompt", "question"),
    [
        ("OCR tokens: a b. Question: What Is It? Short answer:", "what is it?"),
        ("OCR tokens: a b. Question: none", None),
        ("What?\nReference OCR token: x\nAnswer.", "what?"),
        ("Reference OCR token: x\nWhat?\nAnswer.", "what?"),
        ("What?\nAnswer.", "what?"),
        ("What?", None),
        ("a\nb\nc", None),
    ],
)
def test_questions_are_recovered_from_prompts(prompt: str, question: str | None) -> None:
    """Section 4, the scorer's question recovery."""
    assert question_of(prompt) == question


def test_soft_accuracy(tmp_path: Path) -> None:
    """Two of ten match: 0.6; a prediction that is empty when normalised meets humans' "the"."""
    result = scored(scorer, layout(tmp_path), lines("Nous les Gosses.", "a", "2"))
    assert result.rows["score"].to_list() == [0.6, 1.0, 0.9]
    assert result.metrics["accuracy"] == pytest.approx(250 / 3)
    assert terms.value(result.terms) == result.metrics
    assert result.rows["parsed"].to_list() == ["nous les gosses", "", "2"]


def test_numbers_are_normalised_on_both_sides(tmp_path: Path) -> None:
    result = scored(scorer, layout(tmp_path), lines("x", "x", "Two"))
    assert result.rows["score"].to_list() == [0, 0, 0.9]


def test_missing_answers_shrink_n_and_repeated_lines_count(tmp_path: Path) -> None:
    """Section 4: n is the number of answer lines."""
    both = lines("dakota", "x")
    result = scored(scorer, layout(tmp_path), [*both, both[0]])
    assert (result.n, result.n_missing, result.counts["duplicates"]) == (3, 1, 1)
    assert result.metrics["accuracy"] == pytest.approx(200 / 3)


def test_order_does_not_matter(tmp_path: Path) -> None:
    data, three = layout(tmp_path), lines("dakota", "x", "2")
    assert scored(scorer, data, three).rows.equals(scored(scorer, data, three[::-1]).rows)


def test_an_unknown_question_stops_the_official_script(tmp_path: Path) -> None:
    other = answer("i9", "x", "Why?" + SUFFIX)
    result = scored(scorer, layout(tmp_path), [*lines("dakota"), other])
    assert (result.failure_reason, result.counts["unknown_ids"]) == ("unknown_id", 1)
    assert (result.n, result.metrics["accuracy"]) == (1, 100)


def test_a_prompt_without_question_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="line 2: field 'prompt' is not a TextVQA prompt: 'x'"):
        scored(scorer, layout(tmp_path), [*lines("dakota"), answer("i1", "x", "x")])


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"answers": ["x"] * 9}, "question '34602': field 'answers' has 9 answers"),
        ({"answers": [1] * 10}, r"data\[0\]: field 'answers' must be a list of texts"),
        ({"image_id": "i2", "question": "HOW MANY?"}, "more than one entry with cluster = 'i2'"),
    ],
)
def test_malformed_data_are_errors(tmp_path: Path, change: dict[str, Any], complaint: str) -> None:
    data = layout(tmp_path, [ENTRIES[0] | change, *ENTRIES[1:]])
    with pytest.raises(UserError, match=complaint):
        scored(scorer, data, lines("x"))


def test_a_cell_is_scored_on_what_it_answered(tmp_path: Path) -> None:
    inputs = ScoreInputs(restrict=True)
    result = scorer.score(cell({"34602": "dakota"}), mirror(tmp_path), inputs)
    assert (result.n, result.n_missing, result.metrics["accuracy"]) == (1, 0, 100)
