"""Config, grid and overrides: DESIGN.md section 3."""

from __future__ import annotations

import pytest

from lvlm_compress.errors import UserError
from lvlm_compress.settings import resolve

GRID = """
models: {m: {family: llava, path: models/m}}
compressions: [fp16]
benchmarks: {pope: {data: pope}}
"""


def test_defaults_are_filled_in_down_to_the_grid():
    settings = resolve(config={"grid": "embedded"})
    assert settings.config["missing"] == "run"
    assert settings.config["select"]["models"] == []
    assert settings.grid["models"]["tiny-llava"]["attention"] == "sdpa"
    assert settings.grid["benchmarks"]["pope"]["data"]["embedded"]["seed"] == 0


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("mising=run", ["config.yaml", "mising", "Did you mean 'missing'?"]),
        ("select.model=[a]", ["select", "model", "Did you mean 'models'?"]),
        ("missing=maybe", ["missing", "maybe"]),
        ("report.resamples=many", ["report.resamples", "integer"]),
        ("grid=nowhere", ["nowhere", "embedded"]),
    ],
)
def test_a_wrong_key_or_value_is_named_with_its_place(override, words):
    with pytest.raises(UserError) as error:
        resolve(config={"grid": "embedded"}, overrides=[override])
    assert all(word in str(error.value) for word in words)


def test_a_wrong_key_in_a_grid_names_the_file_and_the_place(tmp_path):
    grid = tmp_path / "mine.yaml"
    grid.write_text(GRID.replace("path:", "pth:"))
    with pytest.raises(UserError, match=r"mine\.yaml, models\.m"):
        resolve(config={"grid": str(grid)})


def test_seeds_given_as_text_are_numbers():
    """`snakemake --config select={seeds: [1]}` hands them over as text."""
    settings = resolve(config={"grid": "embedded", "select": {"seeds": ["1"]}})
    assert settings.config["select"]["seeds"] == [1]


def test_paths_expand_variables_and_an_unset_one_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setenv("MY_DATA", str(tmp_path))
    settings = resolve(config={"grid": "embedded", "data_dir": "$MY_DATA"})
    assert settings.data_path("pope") == tmp_path / "pope"
    monkeypatch.delenv("MY_DATA")
    with pytest.raises(UserError, match="MY_DATA"):
        settings.data_path("pope")


def test_a_hub_model_needs_a_revision(tmp_path):
    grid = tmp_path / "g.yaml"
    grid.write_text(GRID.replace("path: models/m", "hub: org/name"))
    with pytest.raises(UserError, match=r"models\.m"):
        resolve(config={"grid": str(grid)})
