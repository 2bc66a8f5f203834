"""Answers do not depend on engine, batch, order or neighbours (DESIGN.md rule 2), in fp64."""

from __future__ import annotations

import dataclasses

import pytest

from lvlm_compress.benchmarks.types import Decoding, Example, ImageSource
from lvlm_compress.errors import UserError
from lvlm_compress.generation.run import answer
from lvlm_compress.kv.scheme import KVScheme

SCHEMES = [
    "fp16",
    "kv4-uniform",
    "kv2-or2",
    "kv2-t128",
    "kv2-c128",
    "kv2-cN",
    "kv2-kcN-vt128",
    "kv2-kc128-vt128",
    "kv2-kt128-vc128",
]
GREEDY, SAMPLED = Decoding(6), Decoding(6, temperature=0.9, top_p=0.95)


def texts(answers):
    return {row["id"]: row["text"] for row in answers.rows}


@pytest.mark.parametrize("order", ["before", "after"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_fast_equals_reference(exact, questions, scheme, order):
    parsed = KVScheme.parse(scheme, order=order, stream_gap=3)
    for decoding, seed in ((GREEDY, None), (SAMPLED, 5)):
        reference = answer(exact, parsed, questions, decoding, seed, engine="reference")
        assert texts(answer(exact, parsed, questions, decoding, seed)) == texts(reference)


@pytest.mark.parametrize("scheme", ["fp16", "kv2-kc128-vt128", "kv2-uniform"])
def test_order_and_budget_change_nothing(exact, questions, scheme):
    parsed = KVScheme.parse(scheme)
    whole = answer(exact, parsed, questions, SAMPLED, 1)
    turned = answer(exact, parsed, questions[::-1], SAMPLED, 1, budget=700)
    assert texts(turned) == texts(whole)
    assert [row["id"] for row in turned.rows] == [example.id for example in questions[::-1]]


def test_answers_vary(exact, questions):
    """Else the comparisons above would show nothing."""
    rows = answer(exact, KVScheme.parse("fp16"), questions, GREEDY).rows
    assert len({row["text"] for row in rows}) >= 4
    assert {row["finish"] for row in rows} == {"stop", "length"}
    quantized = answer(exact, KVScheme.parse("kv2-uniform"), questions, GREEDY).rows
    assert [row["text"] for row in rows] != [row["text"] for row in quantized]


def test_fp16_scheme_is_plain_generate(exact, questions):
    """Token by token equal to `generate` of transformers with pixel values."""
    import torch
    from PIL import Image

    rows = answer(exact, KVScheme.parse("fp16"), questions, GREEDY).rows
    for row, example in zip(rows, questions, strict=True):
        inputs = {}
        features = None
        if example.image is not None:
            picture = Image.open(example.image.path)
            features = exact.features([picture])[0]
            pixels = exact.pictures([picture], return_tensors="pt")["pixel_values"]
            inputs["pixel_values"] = pixels.double()
        ids = torch.tensor([exact.encode(example.prompt, features).ids])
        out = exact.model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=6,
            **inputs,
        )
        assert (
            exact.text([t for t in out[0, ids.shape[1] :] if int(t) not in exact.stop_ids])
            == (row["text"])
        )


def test_seeds_differ_and_repeat(exact, questions):
    scheme = KVScheme.parse("fp16")
    first = texts(answer(exact, scheme, questions, SAMPLED, 1))
    assert first == texts(answer(exact, scheme, questions, SAMPLED, 1))
    assert first != texts(answer(exact, scheme, questions, SAMPLED, 2))


def test_a_broken_row_is_an_error_with_its_id(exact, questions, tmp_path, monkeypatch):
    from lvlm_compress.generation.journal import Journal

    embed, bad = exact.embed, questions[4]

    def broken(encoded, features):
        values = embed(encoded, features)
        if encoded.ids == exact.encode(bad.prompt, features).ids and features is not None:
            values[-1] = float("nan")
        return values

    monkeypatch.setattr(exact, "embed", broken)
    scheme = KVScheme.parse("fp16")
    journal = Journal(tmp_path, "d" * 16)
    with pytest.raises(UserError, match=rf"1 of {len(questions)} examples failed \({bad.id}\)"):
        answer(exact, scheme, questions, GREEDY, journal=journal)
    assert set(Journal(tmp_path, "d" * 16).finished) == {q.id for q in questions} - {bad.id}


def test_bad_pictures_are_errors_or_skipped(exact, questions, tmp_path):
    file = tmp_path / "torn.png"
    file.write_bytes(b"\x89PNG torn")
    torn = Example("torn", "w1", ImageSource(file, file.name), "torn")
    scheme = KVScheme.parse("fp16")
    with pytest.raises(UserError, match=r"Example torn: Image 'torn.png'"):
        answer(exact, scheme, [questions[0], torn], GREEDY)
    skipped = answer(exact, scheme, [questions[0], torn], GREEDY, on_bad_image="skip")
    assert [row["id"] for row in skipped.rows] == [questions[0].id]
    assert list(skipped.facts["skipped"]) == ["torn"]


def test_misuse_is_refused(exact, questions):
    scheme = KVScheme.parse("fp16")
    twice = [questions[0], dataclasses.replace(questions[1], id=questions[0].id)]
    with pytest.raises(UserError, match="occurs twice"):
        answer(exact, scheme, twice, GREEDY)
    with pytest.raises(UserError, match="needs a seed"):
        answer(exact, scheme, questions, SAMPLED)
    with pytest.raises(UserError, match="Unknown engine"):
        answer(exact, scheme, questions, GREEDY, engine="warp")
    with pytest.raises(UserError, match="<image>"):
        answer(exact, scheme, [dataclasses.replace(questions[0], prompt="a <image> b")], GREEDY)


def test_out_of_memory_halves_the_budget(exact, questions, monkeypatch):
    import torch

    from lvlm_compress.generation import engine

    scheme = KVScheme.parse("fp16")
    whole = texts(answer(exact, scheme, questions, GREEDY))
    advance, seen = engine.advance, []

    def small(model, flight):
        seen.append(len(flight.requests))
        if len(flight.requests) > 2:
            raise torch.OutOfMemoryError("no room")
        advance(model, flight)

    monkeypatch.setattr(engine, "advance", small)
    found = answer(exact, scheme, questions, GREEDY)
    assert texts(found) == whole
    assert max(seen) > 2
    assert found.facts["budget"] < 1000

    joined, failures = engine.Flight.joined, []

    def full(flights):
        rows = sum(len(flight.requests) for flight in flights)
        if rows > 2 and not failures:
            failures.append(rows)
            raise torch.OutOfMemoryError("no room to join")
        return joined(flights)

    monkeypatch.setattr(engine, "advance", advance)
    monkeypatch.setattr(engine.Flight, "joined", full)
    assert texts(answer(exact, scheme, questions, GREEDY)) == whole
    assert failures

    def never(model, flight):
        raise torch.OutOfMemoryError("no room")

    monkeypatch.setattr(engine, "advance", never)
    with pytest.raises(UserError, match="even alone"):
        answer(exact, scheme, questions, GREEDY)
