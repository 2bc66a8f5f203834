"""MM-Vet: spec/benchmarks.md section 3."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import pytest

from lvlm_compress.benchmarks import terms
from lvlm_compress.benchmarks.mmvet import score as scorer
from lvlm_compress.benchmarks.mmvet.string_match import string_match
from lvlm_compress.benchmarks.mmvet.submission import write
from lvlm_compress.benchmarks.mmvet.task import DECODING, load
from lvlm_compress.benchmarks.types import Decoding, ImageSource, ScoreInputs
from lvlm_compress.errors import UserError
from tests.benchmarks.layouts import answer, cell, scored, write_json, write_mirror


def entry(image: str, gold: str, skills: list[str]) -> dict[str, object]:
    return {
        "imagename": image,
        "question": f"What about {image}?",
        "answer": gold,
        "capability": skills,
        "imagesource": "u",
    }


DATA = {
    "v1_0": entry("a.png", "-1<AND>-5", ["ocr", "math"]),
    "v1_1": entry("b.jpg", "Paris<OR>France", ["rec"]),
    "v1_2": entry("b.jpg", "a meme", ["rec", "gen"]),
}
ANSWERS = [answer(0, "x = -1 or x = -5"), answer(1, "in france"), answer(2, "")]
GRADES = {"v1_0": [1.0, 0.5], "v1_1": [0.0, 0.1], "v1_2": [0.3, 0.9]}


def layout(tmp_path: Path) -> Path:
    write_json(tmp_path / "mm-vet" / "mm-vet.json", DATA)
    return tmp_path / "mm-vet"


def grade_file(tmp_path: Path, grades: dict[str, list[float | None]]) -> Path:
    entries = {
        key: {"model": ["gpt-4"] * len(runs), "content": [str(r) for r in runs], "score": runs}
        for key, runs in grades.items()
    }
    return write_json(tmp_path / "grades.json", entries)


def test_the_prompt_is_the_question_alone(tmp_path: Path) -> None:
    data = layout(tmp_path)
    examples = load(data)
    assert Decoding(1024) == DECODING
    assert [e.id for e in examples] == ["v1_0", "v1_1", "v1_2"]
    assert examples[0].prompt == "What about a.png?"
    assert examples[0].image == ImageSource(data / "images" / "a.png", "v1_0")


def test_a_mirror_gives_the_same_questions(tmp_path: Path) -> None:
    """Section 3: the mirror's capability is one comma-joined text."""
    columns = {
        "question_id": list(DATA),
        "question": [one["question"] for one in DATA.values()],
        "answer": [one["answer"] for one in DATA.values()],
        "image_source": ["u"] * 3,
        "capability": ["ocr, math", "rec", "rec,gen"],
    }
    write_mirror(tmp_path / "m" / "test-0.parquet", columns)
    assert [e.prompt for e in load(tmp_path / "m")] == [e.prompt for e in load(layout(tmp_path))]
    grades = ScoreInputs(grades=grade_file(tmp_path, GRADES))
    assert scored(scorer, tmp_path / "m", ANSWERS, grades).metrics["math"] == 75


def test_without_grades_the_total_is_empty_and_says_why(tmp_path: Path) -> None:
    result = scored(scorer, layout(tmp_path), ANSWERS)
    assert result.metrics["total"] is None
    assert result.reasons["total"] == result.status == "needs_llm_judge"
    assert result.metrics["offline_total"] == pytest.approx(200 / 3)
    assert result.official_script_ok


def test_totals_average_over_runs(tmp_path: Path) -> None:
    """A question counts in each of its capabilities; std is over runs, of the population."""
    inputs = ScoreInputs(grades=grade_file(tmp_path, GRADES))
    result = scored(scorer, layout(tmp_path), ANSWERS, inputs)
    runs = [100 * (1.0 + 0.0 + 0.3) / 3, 100 * (0.5 + 0.1 + 0.9) / 3]
    assert result.metrics["total"] == pytest.approx(statistics.fmean(runs))
    assert result.metrics["std"] == pytest.approx(statistics.pstdev(runs))
    assert result.metrics["rec"] == pytest.approx(100 * (0.05 + 0.6) / 2)
    assert result.metrics["ocr"] == result.metrics["math"] == pytest.approx(75)
    assert (result.metrics["know"], result.status) == (None, "ok")
    assert terms.value(result.terms)["total"] == pytest.approx(result.metrics["total"])


def test_one_run_has_no_spread(tmp_path: Path) -> None:
    file = grade_file(tmp_path, {key: runs[:1] for key, runs in GRADES.items()})
    assert scored(scorer, layout(tmp_path), ANSWERS, ScoreInputs(grades=file)).metrics["std"] == 0


def test_ungraded_questions_stop_the_official_script(tmp_path: Path) -> None:
    file = grade_file(tmp_path, {"v1_0": [1.0]})
    result = scored(scorer, layout(tmp_path), ANSWERS, ScoreInputs(grades=file))
    assert (result.failure_reason, result.counts["ungraded"]) == ("missing_prediction", 2)
    assert result.metrics["total"] == 100


def test_a_null_grade_counts_zero_and_is_reported(tmp_path: Path) -> None:
    """Section 13: judge_unparsable."""
    file = grade_file(tmp_path, {"v1_0": [None], "v1_1": [1.0], "v1_2": [0.5]})
    result = scored(scorer, layout(tmp_path), ANSWERS, ScoreInputs(grades=file))
    assert (result.failure_reason, result.metrics["total"]) == ("judge_unparsable", 50)


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ({"score": [1.5]}, "1.5 is not a number from 0 to 1"),
        ({"score": ["1"]}, "'1' is not a number"),
        ({"score": []}, "'score' is empty"),
        ({}, "'score' is missing"),
        ({"score": [0.1, 0.2]}, "different numbers of runs"),
    ],
)
def test_malformed_grades_are_errors(
    tmp_path: Path, entry: dict[str, object], complaint: str
) -> None:
    file = write_json(tmp_path / "g.json", {"v1_0": entry, "v1_1": {"score": [1.0]}})
    with pytest.raises(UserError, match=complaint):
        scored(scorer, layout(tmp_path), ANSWERS, ScoreInputs(grades=file))


def test_unknown_capabilities_and_doubled_keys_are_errors(tmp_path: Path) -> None:
    write_json(tmp_path / "mm-vet.json", {"v1_0": entry("a.png", "x", ["smell"])})
    with pytest.raises(UserError, match=r"entry 'v1_0': field 'capability'"):
        load(tmp_path)
    one = json.dumps(entry("a.png", "x", ["rec"]))
    (tmp_path / "mm-vet.json").write_text(f'{{"v1_0": {one}, "v1_0": {one}}}')
    with pytest.raises(UserError, match="'v1_0' twice"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("truth", "text", "expected"),
    [
        ("-1<AND>-5", "-1 and -5", 1),
        ("-1<AND>-5", "only -1", 0),
        ("Paris<OR>France", "It is FRANCE.", 1),
        ("a<AND>b<OR>c", "c", 1),
        ("a<AND>b<OR>c", "a", 0),
        ("5", "15", 0),
        ("5", "5.5", 0),
        ("5", "-5", 0),
        ("5", "It is 5.", 1),
        ("Yes.", "yes", 1),
        ("New  York", "in new\nyork city", 1),
        ("", "anything", 0),
        ("cat", "", 0),
    ],
)
def test_string_match(truth: str, text: str, expected: float) -> None:
    """Section 3: OR = any alternative, AND = all of its elements."""
    assert string_match(truth, text) == expected


def test_the_upload_has_every_question(tmp_path: Path) -> None:
    data, file = layout(tmp_path), tmp_path / "up.json"
    answers = cell({"v1_2": "z", "v1_0": "x", "v1_1": "y"})
    write(answers, data, file)
    assert json.loads(file.read_text()) == {"v1_0": "x", "v1_1": "y", "v1_2": "z"}
    with pytest.raises(UserError, match=r"1 questions have no answer \(v1_0"):
        write(answers.filter(id="v1_1").extend(answers.filter(id="v1_2")), data, file)


def test_missing_answers_are_reported(tmp_path: Path) -> None:
    result = scored(scorer, layout(tmp_path), ANSWERS[:2])
    assert (result.n_missing, result.failure_reason) == (1, "missing_prediction")
    assert result.status == "needs_llm_judge"
