"""VQAv2: spec/benchmarks.md section 8."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lvlm_compress.benchmarks import terms
from lvlm_compress.benchmarks.types import Decoding, ImageSource, ScoreInputs
from lvlm_compress.benchmarks.vqav2 import score as scorer
from lvlm_compress.benchmarks.vqav2.submission import write
from lvlm_compress.benchmarks.vqav2.task import DECODING, load
from lvlm_compress.errors import UserError
from tests.benchmarks.layouts import answer, cell, scored, write_json, write_mirror
from tests.benchmarks.vqav2.layout import ANNOTATIONS, SUFFIX, annotation, write_test, write_val

DOWN, YES, THOUSAND = (one["question_id"] for one in ANNOTATIONS)


def test_test_dev_prompts_are_the_kit_s(tmp_path: Path) -> None:
    examples = load(write_test(tmp_path, [5001, 5000], [5000, 5001, 7000]))
    assert Decoding(128) == DECODING
    assert (examples[0].id, examples[0].prompt) == ("5001", f"What is 5001?{SUFFIX}")
    picture = tmp_path / "test2015" / "COCO_test2015_000000000005.jpg"
    assert examples[1].image == ImageSource(picture, "5000")


def test_splits(tmp_path: Path) -> None:
    data = write_test(write_val(tmp_path), [5000], [5000])
    assert [e.id for e in load(data)] == ["5000"]
    examples = load(data, split="val")
    assert examples[0].prompt == "Where?" + SUFFIX
    assert examples[2].cluster == "COCO_val2014_000000393225.jpg"
    with pytest.raises(UserError, match="no VQAv2 split 'dev'; it has testdev, val, test"):
        load(data, split="dev")
    assert len(load(data, split="test")) == 1
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="neither"):
        load(tmp_path / "empty")


def mirror(tmp_path: Path) -> Path:
    names = ["question_id", "image_id", "question_type", "answer_type", "answers"]
    columns: dict[str, Any] = {name: [one[name] for one in ANNOTATIONS] for name in names}
    file = tmp_path / "m" / "data" / "validation-00000-of-00001.parquet"
    write_mirror(file, columns | {"question": ["Where?"] * 3})
    return tmp_path / "m"


def test_a_mirror_scores_like_the_files(tmp_path: Path) -> None:
    lines = [answer(DOWN, "Down."), answer(YES, "no"), answer(THOUSAND, "1000")]
    assert [e.prompt for e in load(mirror(tmp_path))] == ["Where?" + SUFFIX] * 3
    mirrored = scored(scorer, tmp_path / "m", lines)
    assert mirrored.metrics == scored(scorer, write_val(tmp_path / "v"), lines).metrics


def test_test_dev_waits_for_the_server(tmp_path: Path) -> None:
    data = write_test(tmp_path / "vqav2", [5000, 5001], [5000, 5001])
    result = scored(scorer, data, [answer(5001, "A Dog.")])
    assert result.metrics == dict.fromkeys(["accuracy", "yes_no", "number", "other"])
    assert result.status == result.reasons["accuracy"] == "needs_server_submission"
    assert (result.n, result.n_missing, result.official_script_ok) == (1, 1, True)
    assert result.rows["parsed"].to_list() == ["dog"]


def test_the_whole_list_is_enough_for_an_upload(tmp_path: Path) -> None:
    data = write_test(tmp_path / "vqav2", [], [5000, 5001])
    (data / "llava_vqav2_mscoco_test-dev2015.jsonl").unlink()
    result = scored(scorer, data, [answer(5001, "x")])
    assert (result.status, result.n_missing) == ("needs_server_submission", 1)


def test_local_accuracy_on_validation(tmp_path: Path) -> None:
    """Three of ten say "down" (0.9); 1000 meets "1,000" where humans differ."""
    lines = [answer(DOWN, "Down."), answer(YES, "Yes"), answer(THOUSAND, "1,000")]
    result = scored(scorer, write_val(tmp_path / "vqav2"), lines)
    assert result.metrics["other"] == pytest.approx(90)
    assert result.metrics["yes_no"] == result.metrics["number"] == 100
    assert result.metrics["accuracy"] == pytest.approx(290 / 3)
    assert result.counts["validation_split"] == 3
    assert terms.value(result.terms) == {k: pytest.approx(v) for k, v in result.metrics.items()}


def test_identical_human_answers_are_compared_raw(tmp_path: Path) -> None:
    """Where all ten agree nothing is normalised on their side: "Yes" misses, "the dog" too."""
    same = [annotation(1000, "other", ["Yes"] * 10), annotation(1001, "other", ["the dog"] * 10)]
    data = write_val(tmp_path / "vqav2", [*same, annotation(1002, "other", ["a dog"] + ["x"] * 9)])
    lines = [answer(1000, "Yes"), answer(1001, "the dog"), answer(1002, "the dog")]
    assert scored(scorer, data, lines).rows["score"].to_list() == [0, 0, 0.3]


def test_blanks_of_human_answers_are_stripped(tmp_path: Path) -> None:
    data = write_val(tmp_path / "vqav2", [annotation(1000, "other", [" red\n"] * 10)])
    assert scored(scorer, data, [answer(1000, "red")]).metrics["accuracy"] == 100


def test_a_missing_answer_is_the_empty_one_and_the_last_duplicate_wins(tmp_path: Path) -> None:
    lines = [answer(YES, "no"), answer(YES, "yes"), answer(77, "stray")]
    result = scored(scorer, write_val(tmp_path / "vqav2"), lines)
    assert (result.n, result.n_missing) == (3, 2)
    assert result.metrics["accuracy"] == pytest.approx(100 / 3)
    assert (result.counts["duplicates"], result.counts["unknown_ids"]) == (1, 1)


def test_unreadable_lines_are_skipped_and_counted(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps(answer(YES, "yes")) + "\n{broken\n")
    data = write_val(tmp_path / "vqav2")
    result = scorer.score(scorer.read_answers(file, data), data, ScoreInputs())
    assert result.counts["unreadable_lines"] == 1


def test_a_cell_is_scored_on_what_it_answered(tmp_path: Path) -> None:
    data = write_test(write_val(tmp_path), [5000], [5000])
    restrict = ScoreInputs(restrict=True)
    assert scorer.score(cell({str(YES): "yes"}), data, restrict).metrics["accuracy"] == 100
    assert scorer.score(cell({"5000": "yes"}), data, restrict).metrics["accuracy"] is None


def test_the_upload_lists_all_of_test2015_in_file_order(tmp_path: Path) -> None:
    data = write_test(tmp_path, [5000, 5001], [7000, 5001, 5000])
    answers = cell({"5000": "It's a Dog.", "5001": "Two"})
    write(answers, data, tmp_path / "up.json")
    assert json.loads((tmp_path / "up.json").read_text()) == [
        {"question_id": 7000, "answer": ""},
        {"question_id": 5001, "answer": "2"},
        {"question_id": 5000, "answer": "it 's dog"},
    ]


def test_the_upload_needs_the_whole_list(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="llava_vqav2_mscoco_test2015"):
        write(cell({str(YES): "yes"}), write_val(tmp_path), tmp_path / "up.json")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"annotations": [{"question_id": 1', "is not valid JSON"),
        ('{"annotations": [1]}', "must be a JSON object"),
        ('{"annotations": [{} {}]}', "entry 'annotations\\[0\\]': field 'question_id' is missing"),
        ('{"other": 1}', "has no list 'annotations'"),
        ("[]", "has no list 'annotations'"),
        ('{"annotations": ' + "[" * 100_000, "is not valid JSON|must be a JSON object"),
    ],
)
def test_malformed_annotations_are_errors(tmp_path: Path, content: str, complaint: str) -> None:
    data = write_val(tmp_path / "vqav2")
    (data / "v2_mscoco_val2014_annotations.json").write_text(content)
    with pytest.raises(UserError, match=complaint):
        scored(scorer, data, [answer(YES, "yes")])


def test_ten_human_answers_are_needed(tmp_path: Path) -> None:
    data = write_val(tmp_path / "vqav2", [annotation(1000, "other", ["x"] * 9)])
    with pytest.raises(UserError, match=r"annotations\[0\]: field 'answers' has 9 of 10"):
        scored(scorer, data, [answer(1000, "x")])


def test_a_question_listed_twice_is_an_error(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {})
    with pytest.raises(UserError, match="more than one entry with id = '5000'"):
        load(write_test(tmp_path, [5000, 5000], []))
