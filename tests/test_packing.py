"""Bit packing: layout of spec section 7 (packed layouts) and the round trip."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lvlm_compress.packing import BITS, pack, unpack, words_needed


@settings(max_examples=60, deadline=None)
@given(
    bits=st.sampled_from(BITS),
    rows=st.integers(1, 3),
    count=st.integers(0, 140),
    seed=st.integers(0, 2**16),
)
def test_round_trip_is_exact_for_any_length(bits: int, rows: int, count: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    codes = torch.randint(0, 2**bits, (rows, count), generator=generator).to(torch.uint8)
    words = pack(codes, bits)
    assert words.dtype == torch.int32
    assert words.shape == (rows, words_needed(count, bits))
    assert torch.equal(unpack(words, bits, count), codes)


@pytest.mark.parametrize("bits", BITS)
def test_codes_are_a_bit_stream_least_significant_first(bits: int) -> None:
    codes = [(7 * i + 3) % 2**bits for i in range(32)]
    stream = sum(code << (bits * i) for i, code in enumerate(codes))
    expected = [stream >> (32 * w) & 0xFFFFFFFF for w in range(bits)]
    words = pack(torch.tensor(codes, dtype=torch.uint8), bits)
    assert [int(w) & 0xFFFFFFFF for w in words] == expected


def test_three_bit_is_dense() -> None:
    assert words_needed(32, 3) == 3
    assert words_needed(128, 3) == 12
    assert words_needed(33, 3) == 4


def test_unused_bits_are_zero() -> None:
    assert pack(torch.tensor([7], dtype=torch.uint8), 3).tolist() == [7]


def test_non_contiguous_codes_pack_like_their_copy() -> None:
    codes = torch.randint(0, 8, (40, 6), dtype=torch.uint8).T
    assert torch.equal(pack(codes, 3), pack(codes.contiguous(), 3))
    one_row = torch.randint(0, 8, (40, 6), dtype=torch.uint8).T[:1]
    assert torch.equal(unpack(pack(one_row, 3), 3, 40), one_row)
    strided_word = torch.tensor([[5, 9], [6, 1]], dtype=torch.int32).T[:1, :1]
    assert unpack(strided_word, 8, 4).tolist() == [[5, 0, 0, 0]]


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="not 5"):
        pack(torch.zeros(4, dtype=torch.uint8), 5)
    with pytest.raises(ValueError, match="uint8"):
        pack(torch.zeros(4, dtype=torch.int32), 4)
    with pytest.raises(ValueError, match="need 3 words"):
        unpack(torch.zeros(4, dtype=torch.int32), 3, 32)
