"""Counting changed answers."""

from __future__ import annotations

import pytest

from lvlm_compress.benchmarks.types import Decoding
from lvlm_compress.generation.invariance import against_reference, changed, measure, sample
from lvlm_compress.generation.pictures import PictureStore
from lvlm_compress.generation.run import answer
from lvlm_compress.kv.scheme import KVScheme


def rows(**texts):
    return [{"id": name, "text": text} for name, text in texts.items()]


def test_changed_answers_are_named():
    found = changed(rows(a="1", b="2"), rows(b="3", a="1"))
    assert (found.ids, found.rate) == (("b",), 0.5)
    with pytest.raises(ValueError, match="different examples"):
        changed(rows(a="1"), rows(b="1"))


def test_a_sample_is_spread_over_the_examples():
    assert sample(list(range(100)), 4) == [0, 25, 50, 75]
    assert sample([1, 2], 32) == [1, 2]


def test_what_an_artifact_says(exact, questions):
    scheme, decoding = KVScheme.parse("kv2-t128"), Decoding(4)
    rows = answer(exact, scheme, questions, decoding).rows
    pictures = PictureStore(exact)
    said = against_reference(exact, scheme, questions, decoding, None, rows, pictures)
    assert said == {"compared": len(questions), "changed": []}
    rows[3] = rows[3] | {"text": "another"}
    said = against_reference(exact, scheme, questions, decoding, None, rows, pictures)
    assert said["changed"] == [rows[3]["id"]]


def test_engines_agree_in_exact_arithmetic(exact, questions):
    found = measure(exact, KVScheme.parse("kv2-t128"), questions[:4], Decoding(4))
    assert (found.compared, found.ids) == (4, ())
