from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lvlm_compress.embedded.draws import Draws


def test_a_name_always_gives_the_same_stream() -> None:
    """Known values: they may never change, or every embedded picture changes with them."""
    draws = Draws("known", 7)
    assert [draws.below(1000) for _ in range(5)] == KNOWN


KNOWN = [728, 380, 995, 292, 187]


@given(st.lists(st.integers(), unique=True, max_size=20), st.integers(0, 100))
def test_shuffled_keeps_every_value(values: list[int], seed: int) -> None:
    assert sorted(Draws("shuffle", seed).shuffled(values)) == sorted(values)


@given(st.integers(1, 50), st.integers(0, 100))
def test_below_stays_below(bound: int, seed: int) -> None:
    draws = Draws("below", seed)
    assert all(0 <= draws.below(bound) < bound for _ in range(20))
