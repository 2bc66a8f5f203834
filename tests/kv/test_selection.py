"""Order statistics without a sort equal those of a sort, whatever the values look like."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lvlm_compress.kv.selection import inner_extremes


def by_sorting(rows: torch.Tensor, skip: int) -> tuple[torch.Tensor, torch.Tensor]:
    ordered = rows.sort(dim=1).values
    return ordered[:, skip], ordered[:, rows.shape[1] - 1 - skip]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 400), st.integers(0, 2**16), st.sampled_from((1, 3, 1000)), st.data())
def test_short_rows(length: int, seed: int, levels: int, data: st.DataObject) -> None:
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randint(-levels, levels, (2, length), generator=generator).float()
    skip = data.draw(st.integers(0, (length - 1) // 2))
    low, high = inner_extremes(rows, skip)
    assert torch.equal(low, by_sorting(rows, skip)[0])
    assert torch.equal(high, by_sorting(rows, skip)[1])


@pytest.mark.parametrize("shape", ["normal", "sorted", "few levels", "constant", "hidden"])
@pytest.mark.parametrize("share", [1e-4, 0.01, 0.3])
def test_long_rows_also_when_the_sample_misleads(shape: str, share: float) -> None:
    rows = torch.randn(2, 100_000, generator=torch.Generator().manual_seed(0))
    if shape == "sorted":
        rows = rows.sort(dim=1).values
    elif shape == "few levels":
        rows = rows.round()
    elif shape == "constant":
        rows = torch.full_like(rows, 3.0)
    elif shape == "hidden":
        rows[:, ::61] = torch.linspace(-9, 9, rows[:, ::61].shape[1])
    skip = int(rows.shape[1] * share)
    low, high = inner_extremes(rows, skip)
    want_low, want_high = by_sorting(rows, skip)
    assert torch.equal(low, want_low)
    assert torch.equal(high, want_high)
