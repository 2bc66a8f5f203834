"""Counting changed answers."""

from __future__ import annotations

import pytest

from lvlm_compress.benchmarks.types import Decoding
from lvlm_compress.generation.invariance import changed, measure
from lvlm_compress.kv.scheme import KVScheme


def rows(**texts):
    return [{"id": name, "text": text} for name, text in texts.items()]


def test_changed_answers_are_named():
    found = changed(rows(a="1", b="2"), rows(b="3", a="1"))
    assert (found.ids, found.rate) == (("b",), 0.5)
    with pytest.raises(ValueError, match="different examples"):
        changed(rows(a="1"), rows(b="1"))


def test_engines_agree_in_exact_arithmetic(exact, questions):
    found = measure(exact, KVScheme.parse("kv2-t128"), questions[:4], Decoding(4))
    assert (found.compared, found.ids) == (4, ())
