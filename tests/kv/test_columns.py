"""Counting through valid columns (spec section 3)."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from lvlm_compress.kv.columns import Columns


@given(st.lists(st.booleans(), max_size=12), st.integers(0, 5), st.data())
def test_tokens_and_their_columns(row: list[bool], generated: int, data: st.DataObject) -> None:
    columns = Columns(torch.tensor([row], dtype=torch.bool).view(1, len(row)))
    full = row + [True] * generated
    places = [column for column, valid in enumerate(full) if valid]
    for width in range(len(full) + 1):
        assert columns.tokens(0, width) == sum(full[:width])
    if places:
        start = data.draw(st.integers(0, len(places) - 1))
        stop = data.draw(st.integers(start + 1, len(places)))
        chosen = columns.select(0, start, stop)
        listed = list(range(len(full)))[chosen] if isinstance(chosen, slice) else list(chosen)
        assert listed == places[start:stop]


def test_left_pads_leave_a_slice() -> None:
    mask = torch.tensor([[False, False, True, True], [True, False, True, True]])
    columns = Columns(mask)
    assert columns.select(0, 0, 4) == slice(2, 6)
    assert columns.select(1, 0, 3) == (0, 2, 3)
    assert Columns().select(5, 2, 9) == slice(2, 9)
