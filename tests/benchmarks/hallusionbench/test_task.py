"""Layouts, prompts and counts of spec/benchmarks.md section 10."""

from __future__ import annotations

import io
from collections import Counter

import polars as pl
import pytest
from PIL import Image

from lvlm_compress.benchmarks.hallusionbench.task import DECODING, load
from lvlm_compress.benchmarks.images import open_image
from lvlm_compress.errors import UserError
from tests.benchmarks.hallusionbench.items import item, write
from tests.shared_data import shared


def test_real_question_file():
    examples = load(shared("hallusionbench"))
    assert len(examples) == 1129
    assert sum(example.image is None for example in examples) == 178
    assert Counter(example.id.split("/")[0] for example in examples) == {"VD": 591, "VS": 538}
    assert len({e.id.rsplit("/", 1)[0] for e in examples if e.image is not None}) == 346


def test_real_text_only_questions():
    examples = load(shared("hallusionbench"), text_only=True)
    assert len(examples) == 178
    assert all(example.image is None for example in examples)


def test_prompt_is_the_question_alone(tmp_path):
    write(tmp_path / "HallusionBench.json", [item("VD", "0", "1", set_id="3")])
    [example] = load(tmp_path)
    assert example.prompt == "Is 0 so?"
    assert (example.id, example.cluster) == ("VD/chart/3/0/0", "VD/chart/3")
    assert example.image.path == tmp_path / "VD/chart/3_0.png"
    assert (DECODING.max_new_tokens, DECODING.temperature) == (512, 0.0)


def test_pictures_lie_in_the_official_folder(tmp_path):
    (tmp_path / "hallusion_bench").mkdir()
    write(tmp_path / "HallusionBench.json", [item("VD", "0", "1")])
    assert load(tmp_path)[0].image.path == tmp_path / "hallusion_bench/VD/chart/0_0.png"


def test_limit_keeps_an_original_with_its_partners(tmp_path):
    records = [item("VS", "0", "0"), item("VS", "0", "0", set_id="1"), item("VS", "1", "2")]
    write(tmp_path / "HallusionBench.json", records)
    assert [example.id for example in load(tmp_path, limit=1)] == [
        "VS/chart/0/0/0",
        "VS/chart/0/1/0",
    ]


def png():
    stream = io.BytesIO()
    Image.new("RGB", (5, 4)).save(stream, "PNG")
    return stream.getvalue()


def test_parquet_mirror(tmp_path):
    pictured = item("VD", "0", "1") | {"image": {"bytes": png(), "path": None}}
    pl.DataFrame([pictured]).write_parquet(tmp_path / "image-00000-of-00001.parquet")
    pl.DataFrame([item("VS", "0", "0")]).write_parquet(tmp_path / "non_image.parquet")
    first, second = load(tmp_path)
    assert open_image(first.image).size == (5, 4)
    assert second.image is None
    assert second.id == "VS/chart/0/0/0"


@pytest.mark.parametrize(
    ("records", "says"),
    [
        ([item("VD", "0", "1"), item("VD", "0", "1")], "more than one entry"),
        ([item("VD", "0", "7")], "visual_input"),
        ([item("VD", "0", "1", gt="yes")], "gt_answer"),
        ([item("VD", "0", "1") | {"filename": "../../secret.png"}], "leaves the data folder"),
        ([{"category": "VD"}], "subcategory"),
    ],
)
def test_malformed_data_is_named(tmp_path, records, says):
    write(tmp_path / "HallusionBench.json", records)
    with pytest.raises(UserError, match=says):
        load(tmp_path)


def test_absent_data_is_named(tmp_path):
    with pytest.raises(UserError, match="HallusionBench"):
        load(tmp_path)
