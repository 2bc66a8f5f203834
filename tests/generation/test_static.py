"""Recorded steps, their operations run one by one here: the same answers as the ordinary loop."""

from __future__ import annotations

import pytest
import torch

from lvlm_compress.benchmarks.types import Decoding
from lvlm_compress.errors import UserError
from lvlm_compress.generation import run
from lvlm_compress.generation.run import Asked, Options, answer, answer_together
from lvlm_compress.generation.static_decoder import StaticDecoder, can_decode
from lvlm_compress.kv.scheme import KVScheme

SCHEMES = ["fp16", "kv2-uniform", "kv2-or2", "kv2-t128", "kv2-c16", "kv2-cN", "kv2-kc16-vt128"]
GREEDY, SAMPLED = Decoding(9), Decoding(9, temperature=0.9)


@pytest.fixture
def static(monkeypatch):
    """Decoding as on a GPU but for the recording; remembers the decoders."""
    made = []

    def build(model, cells, options):
        made.append(options.recorded or StaticDecoder(model, record=False))
        return made[-1]

    monkeypatch.setattr(run, "_static", build)
    return made


@pytest.mark.parametrize("order", ["before", "after"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_same_answers(exact, questions, scheme, order, request):
    parsed = KVScheme.parse(scheme, order=order, stream_gap=3)
    expected = answer(exact, parsed, questions, SAMPLED, 1, engine="reference").rows
    made = request.getfixturevalue("static")
    for engine in ("fast", "reference"):
        assert answer(exact, parsed, questions, SAMPLED, 1, engine=engine).rows == expected
        assert made.pop().steps


def test_rows_that_come_and_go(exact, questions, static):
    """A small budget: rows leave, others join, steps are found again."""
    scheme = KVScheme.parse("kv2-t128", stream_gap=3)
    found = answer(exact, scheme, questions, GREEDY, budget=900).rows
    assert len(static[0].steps) > 1
    assert found == answer(exact, scheme, questions, GREEDY, engine="reference").rows


def test_pictures_of_few_and_many_questions(exact, questions, static):
    """Shared parts of several pictures, rows of nobody's beside them, pictures that are done."""
    uneven = [*questions[:7], questions[-1]]
    for scheme in ("fp16", "kv2-t128", "kv2-kc128-vt128"):
        parsed = KVScheme.parse(scheme, stream_gap=3)
        found = answer(exact, parsed, uneven, Decoding(12)).rows
        assert any(shape.part is not None for shape in static.pop().steps)
        assert found == answer(exact, parsed, uneven, Decoding(12), engine="reference").rows


def test_cells_together(exact, questions, static):
    schemes = [KVScheme.parse(s, order="after", stream_gap=2) for s in ("kv2-t128", "kv4-uniform")]
    together = answer_together(exact, [Asked(s) for s in schemes], questions, GREEDY, Options())
    for scheme, found in zip(schemes, together, strict=True):
        assert found.rows == answer(exact, scheme, questions, GREEDY).rows


def test_one_step_serves_prompts_of_like_length(exact, questions, static):
    answer(exact, KVScheme.parse("fp16"), questions, GREEDY, engine="reference")
    assert {shape.rows for shape in static[0].steps} == {1}
    assert len(static[0].steps) <= 2


def test_one_decoder_serves_many_cells(exact, questions, static):
    decoder = StaticDecoder(exact, record=False)
    for scheme in ("fp16", "kv2-t128", "fp16"):
        parsed = KVScheme.parse(scheme)
        found = answer(exact, parsed, questions, GREEDY, engine="reference", recorded=decoder)
        assert found.rows == answer(exact, parsed, questions, GREEDY, engine="reference").rows
    assert len(decoder.steps) <= 2
    assert decoder.nbytes > 0


def test_memory_is_given_back_when_it_does_not_suffice(exact, questions, static, monkeypatch):
    scheme = KVScheme.parse("fp16")
    expected = answer(exact, scheme, questions, GREEDY).rows
    advance = StaticDecoder.advance

    def small(self, flight, tokens):
        if len(flight.requests) > 2:
            raise torch.OutOfMemoryError("no room")
        advance(self, flight, tokens)

    monkeypatch.setattr(StaticDecoder, "advance", small)
    assert answer(exact, scheme, questions, GREEDY).rows == expected


def test_a_broken_row_is_named(exact, questions, static, monkeypatch):
    embed, seen = exact.embed_ids, []

    def broken(ids):
        seen.append(len(ids))
        values = embed(ids)
        if len(seen) == 2:  # the first is the step being made
            values[0] = float("nan")
        return values

    monkeypatch.setattr(exact, "embed_ids", broken)
    with pytest.raises(UserError, match=r"1 of .* examples failed .* layer 0"):
        answer(exact, KVScheme.parse("fp16"), questions, GREEDY)


def test_a_cpu_decodes_as_before(exact):
    assert not can_decode(exact, [KVScheme.parse("fp16")])
