"""Cells answered together: each as if alone, each prompt run once."""

from __future__ import annotations

import pytest

from lvlm_compress.benchmarks.types import Decoding
from lvlm_compress.errors import UserError
from lvlm_compress.generation import prefill
from lvlm_compress.generation.branch import prompts_alike
from lvlm_compress.generation.journal import Journal
from lvlm_compress.generation.run import Asked, Options, answer, answer_together
from lvlm_compress.kv.scheme import KVScheme

PARTS = ("uniform", "or2", "t128", "c128", "cN", "kcN-vt128", "kc128-vt128", "kt128-vc128")
AFTER = [
    KVScheme.parse("fp16"),
    *(KVScheme.parse(f"kv2-{part}", order="after", stream_gap=3) for part in PARTS),
    *(KVScheme.parse(f"kv4-{part}", order="after", stream_gap=5) for part in PARTS[:4]),
]
GREEDY, SAMPLED = Decoding(6), Decoding(6, temperature=0.9)


@pytest.fixture
def prompts(monkeypatch):
    """Counts the rows of every prompt pass through the decoder."""
    counted = []
    run = prefill._prompts

    def count(model, piece, copy):
        counted.extend(request.example.id for request in piece)
        return run(model, piece, copy)

    monkeypatch.setattr(prefill, "_prompts", count)
    return counted


@pytest.mark.parametrize("engine", ["fast", "reference"])
def test_thirteen_schemes_share_each_prompt(exact, questions, prompts, engine):
    cells = [Asked(scheme) for scheme in AFTER]
    together = answer_together(exact, cells, questions, GREEDY, Options(engine=engine))
    assert sorted(prompts) == sorted(example.id for example in questions)
    assert len({str([row["text"] for row in found.rows]) for found in together}) > 3
    for scheme, found in zip(AFTER, together, strict=True):
        assert found.rows == answer(exact, scheme, questions, GREEDY, engine=engine).rows


@pytest.mark.parametrize("engine", ["fast", "reference"])
@pytest.mark.parametrize("scheme", ["fp16", "kv2-kc128-vt128", "kv2-uniform"])
def test_seeds_share_each_prompt(exact, questions, prompts, engine, scheme):
    parsed = KVScheme.parse(scheme, stream_gap=3)
    cells = [Asked(parsed, seed) for seed in range(3)]
    together = answer_together(exact, cells, questions, SAMPLED, Options(engine=engine))
    assert sorted(prompts) == sorted(example.id for example in questions)
    for seed, found in enumerate(together):
        assert found.rows == answer(exact, parsed, questions, SAMPLED, seed, engine=engine).rows


def test_a_small_budget_splits_the_cells(exact, questions):
    cells = [Asked(scheme) for scheme in AFTER]
    small = answer_together(exact, cells, questions, GREEDY, Options(budget=900))
    large = answer_together(exact, cells, questions, GREEDY, Options())
    assert [found.rows for found in small] == [found.rows for found in large]


def test_a_journal_belongs_to_its_cell(exact, questions, prompts, tmp_path):
    """What one cell has finished is not answered again, and the other is not held up by it."""
    scheme = KVScheme.parse("fp16")
    journal = Journal(tmp_path, "a" * 16)
    answer(exact, scheme, questions[:4], SAMPLED, 0, journal=journal)
    prompts.clear()
    cells = [Asked(scheme, 0, Journal(tmp_path, "a" * 16)), Asked(scheme, 1)]
    first, second = answer_together(exact, cells, questions, SAMPLED, Options())
    assert first.facts["answered"] == len(questions) - 4
    assert second.facts["answered"] == len(questions)
    assert first.rows == answer(exact, scheme, questions, SAMPLED, 0).rows


def test_a_failing_cell_leaves_the_others_alone(exact, questions, monkeypatch):
    """Infinity in the logits of one branch's row."""
    from lvlm_compress.generation import decode

    scheme, bad = KVScheme.parse("fp16"), questions[2].id
    step = decode.step

    def broken(model, flight, decoding):
        for place, request in enumerate(flight.requests):
            if request.example.id == bad and request.branch.seed == 1:
                flight.rows.logits[place] = float("inf")
        return step(model, flight, decoding)

    monkeypatch.setattr("lvlm_compress.generation.engine.step", broken)
    cells = [Asked(scheme, seed) for seed in range(2)]
    first, second = answer_together(exact, cells, questions, SAMPLED, Options())
    assert len(first.rows) == len(questions)
    assert isinstance(second, UserError)
    assert f"1 of {len(questions)} examples failed ({bad})" in str(second)


def test_a_cell_that_does_not_fit_the_model_is_refused_alone(exact, questions):
    """D is 128: groups of 96 columns fit no token."""
    fits, not_at_all = (KVScheme.parse(f"kv2-t{g}", order="after") for g in (128, 96))
    cells = [Asked(not_at_all), Asked(fits), Asked(not_at_all)]
    first, second, third = answer_together(exact, cells, questions, GREEDY, Options())
    assert "96" in str(first)
    assert isinstance(third, UserError)
    assert second.rows == answer(exact, fits, questions, GREEDY).rows
    (only,) = answer_together(exact, cells[:1], questions, GREEDY, Options())
    assert isinstance(only, UserError)


def test_what_is_ready_counts_when_memory_runs_out(exact, questions, monkeypatch):
    """Prompts of other cells hold memory too: one row in flight is no example too large."""
    import torch

    from lvlm_compress.generation import engine

    advance, failures = engine.advance, []

    def full(model, flight):
        if not failures:
            failures.append(len(flight.requests))
            raise torch.OutOfMemoryError("no room")
        advance(model, flight)

    cells = [Asked(scheme) for scheme in AFTER]
    options = Options(engine="reference")
    expected = answer_together(exact, cells, questions[:3], GREEDY, options)
    monkeypatch.setattr(engine, "advance", full)
    found = answer_together(exact, cells, questions[:3], GREEDY, options)
    assert failures == [1]
    assert [one.rows for one in found] == [one.rows for one in expected]
    assert found[0].facts["budget"] < expected[0].facts["budget"]


def test_what_is_alike():
    fp16, before = KVScheme.parse("fp16"), KVScheme.parse("kv2-t128")
    after = KVScheme.parse("kv2-t128", order="after")
    packed = KVScheme.parse("kv2-t128", order="after", storage="packed")
    assert prompts_alike(fp16, after)
    assert prompts_alike(before, before)
    assert prompts_alike(packed, packed)
    assert not prompts_alike(fp16, before)
    assert not prompts_alike(after, packed)
    assert not prompts_alike(before, KVScheme.parse("kv2-t128", stream_gap=1))
