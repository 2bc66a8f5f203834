"""POPE's prompts and layouts: spec/benchmarks.md section 9."""

from __future__ import annotations

from pathlib import Path

import pytest

from lvlm_compress.benchmarks.images import open_image
from lvlm_compress.benchmarks.pope.task import DECODING, load
from lvlm_compress.benchmarks.types import Decoding, ImageSource
from lvlm_compress.errors import UserError
from tests.benchmarks.layouts import write_jsonl, write_mirror
from tests.benchmarks.pope.layout import QUESTIONS, SUFFIX, records, write_all, write_split
from tests.shared_data import shared


def test_decoding_is_greedy_with_128_tokens() -> None:
    assert Decoding(128) == DECODING


@pytest.mark.parametrize("folder", ["coco", "."])
def test_prompts_ids_and_pictures(tmp_path: Path, folder: str) -> None:
    examples = load(write_split(tmp_path, "random", folder))
    assert [e.prompt for e in examples] == [q + SUFFIX for _, q, _ in QUESTIONS]
    assert [e.id for e in examples] == ["10000001", "10000002", "10000003", "10000004"]
    picture = tmp_path / "val2014" / "a.jpg"
    assert examples[0].image == ImageSource(picture, "10000001", None)
    assert [e.cluster for e in examples] == ["a.jpg", "a.jpg", "b.jpg", "b.jpg"]


def test_subsets_can_be_chosen(tmp_path: Path) -> None:
    data = write_all(tmp_path)
    assert len(load(data)) == 12
    assert [e.id for e in load(data, 1, subsets=["popular"])] == ["20000001"]
    assert [e.id for e in load(data, 1, subsets=["adversarial"])] == ["1"]
    with pytest.raises(UserError, match="no POPE subset rare"):
        load(data, subsets=["rare"])


def test_a_mirror_gives_the_same_questions(tmp_path: Path) -> None:
    columns = {
        "question_id": ["1", "2", "3", "4"],
        "question": [q for _, q, _ in QUESTIONS],
        "answer": [label for _, _, label in QUESTIONS],
        "image_source": [image[0] for image, _, _ in QUESTIONS],
        "category": ["random"] * 4,
    }
    write_mirror(tmp_path / "m" / "data" / "test-00000-of-00001.parquet", columns)
    mirrored, layout = load(tmp_path / "m"), load(write_split(tmp_path / "l"))
    assert [(e.id, e.prompt) for e in mirrored] == [(e.id, e.prompt) for e in layout]
    assert mirrored[2].image is not None
    assert open_image(mirrored[2].image).size == (4, 3)


def test_a_mirror_without_a_column_names_it(tmp_path: Path) -> None:
    """Section 15: mirrors' field names are not certain, so a missing one is named."""
    write_mirror(tmp_path / "test-0.parquet", {"question": ["q"]})
    with pytest.raises(UserError, match="no column 'question_id'"):
        load(tmp_path)


def test_an_unknown_category_of_a_mirror_is_an_error(tmp_path: Path) -> None:
    names = ["question_id", "question", "answer", "image_source"]
    columns = {name: ["1"] for name in names} | {"category": ["rare"]}
    write_mirror(tmp_path / "test-0.parquet", columns)
    with pytest.raises(UserError, match="row 0: column 'id' is empty"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"label": "maybe"}, "line 2: field 'label' is 'maybe'"),
        ({"question_id": "2"}, "line 2: field 'question_id' is str"),
        ({"question_id": 1}, "more than one entry"),
        ({"image": "../a.jpg"}, "leaves the data folder"),
    ],
)
def test_malformed_files_are_errors(
    tmp_path: Path, change: dict[str, object], complaint: str
) -> None:
    broken = [records()[0], records()[1] | change]
    write_jsonl(tmp_path / "coco_pope_random.json", broken)
    with pytest.raises(UserError, match=complaint):
        load(tmp_path)


def test_an_empty_folder_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="neither coco_pope"):
        load(tmp_path)


def test_the_real_newer_file_loads() -> None:
    """Section 9: the later random file has 3000 questions."""
    examples = load(shared("pope"))
    assert len(examples) == 3000
    assert examples[0].prompt == "Is there a snowboard in the image?" + SUFFIX
