"""Compressions and selection: DESIGN.md section 3."""

from __future__ import annotations

import pytest

from lvlm_compress.errors import UserError
from lvlm_compress.grid import parse_compression, parse_grid
from lvlm_compress.settings import resolve


@pytest.mark.parametrize(
    ("label", "weights", "kv"),
    [
        ("fp16", None, "fp16"),
        ("kv2-kc128-vt128", None, "kv2-kc128-vt128"),
        ("k3v2-t128", None, "k3v2-t128"),
        ("w4-awq", "w4-awq", "fp16"),
        ("w4-awq+kv2-kc128-vt128", "w4-awq", "kv2-kc128-vt128"),
    ],
)
def test_a_canonical_id_is_the_short_form(label, weights, kv):
    compression = parse_compression(label)
    assert (compression.weights, compression.kv) == (weights, kv)
    assert compression.order == "before"
    assert compression.stream_gap == 20


def test_the_long_form_has_a_label_of_its_own():
    fields = {"kv": "kv2-t128", "order": "after", "stream_gap": 1}
    compression = parse_compression("kivi-like", fields)
    assert compression.kv_scheme.spec()["order"] == "after"
    assert compression.label == "kivi-like"


@pytest.mark.parametrize("label", ["kv5-t128", "w5-awq", "kv2-q128", "w4-awq+kv9-uniform", "hello"])
def test_an_unknown_compression_is_a_user_error(label):
    with pytest.raises(UserError):
        parse_compression(label)


def test_a_selection_outside_the_grid_names_what_the_grid_has():
    settings = resolve(config={"grid": "embedded"}, overrides=["select.benchmarks=[popes]"])
    with pytest.raises(UserError, match=r"'popes'.*pope"):
        parse_grid(settings)


def test_an_unknown_benchmark_in_a_grid_is_a_user_error(tmp_path):
    grid = tmp_path / "g.yaml"
    grid.write_text(
        "models: {m: {family: llava, path: m}}\ncompressions: [fp16]\n"
        "benchmarks: {poope: {data: pope}}\n"
    )
    with pytest.raises(UserError, match="poope"):
        parse_grid(resolve(config={"grid": str(grid)}))
