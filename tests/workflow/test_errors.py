"""A user's mistakes end in one sentence that names the place, before a model is loaded."""

from __future__ import annotations

import json

import pytest

from tests.workflow.clone import Clone, make_clone
from tests.workflow.live import make_live_clone


@pytest.fixture
def clone(tmp_path) -> Clone:
    return make_clone(tmp_path)


def failing(clone: Clone, *config: str) -> str:
    run = clone.snakemake("-n", "--config", "grid=mine.yaml", *config)
    assert run.returncode != 0
    return run.stdout + run.stderr


def test_a_wrong_config_key(clone):
    assert "Did you mean 'missing'?" in failing(clone, "mising=show")


def test_an_unknown_scheme(clone):
    clone.edit("mine.yaml", "kv: kv2-t128", "kv: kv2-q128")
    message = failing(clone)
    assert "kv2-q128" in message


def test_an_unknown_family(clone):
    clone.edit("mine.yaml", "family: llava", "family: lava")
    message = failing(clone)
    assert "lava" in message
    assert "models.m" in message


def test_a_missing_data_folder(clone):
    clone.edit("mine.yaml", "data: pope", "data: nowhere")
    message = failing(clone)
    assert "nowhere does not exist" in message
    assert "data_dir" in message


def test_a_missing_model_folder(clone):
    clone.edit("mine.yaml", "path: model", "path: models/absent")
    assert "absent does not exist" in failing(clone)


@pytest.mark.slow
def test_bad_data_fail_their_cell_and_nothing_else(tmp_path):
    """A truncated picture and a duplicate id, in one data set each; a third one is fine."""
    clone = make_live_clone(tmp_path)
    assert clone.snakemake("--cores", "1", "fetch", "--config", "grid=mine.yaml").returncode == 0
    gqa = next((clone.root / "results/data/gqa").glob("*/manifest.json")).parent
    picture = next((gqa / "data" / "images").iterdir())
    picture.write_bytes(picture.read_bytes()[:200])
    pope = next((clone.root / "results/data/pope").glob("*/manifest.json")).parent
    questions = pope / "coco" / "coco_pope_random.json"
    first = questions.read_text().splitlines()[0]
    questions.write_text(questions.read_text() + first + "\n")
    names = ["random/fp16/pope/greedy", "random/fp16/gqa/greedy"]
    run = clone.run("lvlm_compress.generate", *names, "--grid", "mine.yaml")
    assert run.returncode != 0
    assert "2 of 2 cells failed" in run.stderr
    assert picture.name in run.stderr
    assert str(json.loads(first)["question_id"]) in run.stderr
    assert questions.name in run.stderr
    assert not list((clone.root / "results/generations").rglob("*/greedy/????????????????.jsonl"))
