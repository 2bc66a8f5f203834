"""Planning over lengths: everything runs once, pictures stay together, budgets hold."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from lvlm_compress.benchmarks.types import Example
from lvlm_compress.generation.batches import Room, chunks, pieces
from lvlm_compress.generation.branch import Branch
from lvlm_compress.generation.requests import Request
from lvlm_compress.kv.scheme import KVScheme
from lvlm_compress.models.adapter import Encoded

CELL = Branch(KVScheme.parse("fp16"), None, lambda row: None)
drawn = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 40)), min_size=1, max_size=30)


def made(spec, shared):
    """Requests from (picture, own tokens); picture 0 means none."""
    found = []
    for i, (picture, own) in enumerate(spec):
        count = shared if picture else 0
        ids = tuple(range(count + own))
        encoded = Encoded(ids, None, torch.arange(len(ids))[None])
        name = f"p{picture}" if picture else None
        example = Example(str(i), "q", None, "c")
        found.append(Request(example, encoded, None, name, CELL, count))
    return found


@given(spec=drawn, budget=st.integers(1, 400), shared=st.integers(0, 60), copy=st.booleans())
def test_every_request_once_and_within_budget(spec, budget, shared, copy):
    requests, room = made(spec, shared), Room(budget, 5, copy)
    found = pieces(requests, room)
    assert sorted(int(r.example.id) for piece in found for r in piece) == list(range(len(spec)))
    for piece in found:
        assert len(piece) == 1 or room.cost(piece) <= budget
        assert len({r.picture for r in piece}) == 1
        assert len(piece) == 1 or piece[0].shared


@given(spec=drawn, shared=st.integers(1, 60))
def test_questions_about_a_picture_stay_together_when_they_fit(spec, shared):
    found = pieces(made(spec, shared), Room(10**6, 5, copy=False))
    pictures = [piece[0].picture for piece in found if piece[0].picture]
    assert len(pictures) == len(set(pictures))


def test_a_shared_part_counts_once_a_picture():
    requests = made([(1, 10), (1, 20), (2, 20)], shared=100)
    assert Room(0, 5, copy=False).cost(requests) == 3 * 25 + 2 * 100
    assert Room(0, 5, copy=True).cost(requests) == 3 * 125


def test_rows_join_when_they_fit_and_share_alike():
    running, room = made([(1, 10)], 100), Room(300, 5, copy=False)
    assert room.takes(running, made([(1, 10)], 100))
    assert not room.takes(running, made([(1, 10)], 90))
    assert not room.takes(running, made([(2, 200)], 100))
    assert room.takes([], made([(2, 2000)], 100))


@given(st.lists(st.lists(st.integers(), min_size=1, max_size=4)), st.integers(1, 6))
def test_chunks_hold_whole_groups(groups, size):
    found = list(chunks(groups, size))
    assert [x for chunk in found for x in chunk] == [x for group in groups for x in group]
    assert all(len(chunk) >= size for chunk in found[:-1])
