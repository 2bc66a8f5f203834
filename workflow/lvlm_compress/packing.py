"""Dense bit packing of integer codes into 32-bit words.

One layout for the weight store and the packed KV cache: the codes of a row are a bit stream,
least significant bit first, cut in 32-bit words. So 2, 4 and 8 bit put 16, 8 and 4 codes in
a word, the lowest bits first, and 3 bit puts 32 codes in 3 words (effective 3.0, not the 3.2
of ten codes a word). The stream is written byte by byte and only then seen as words, which is
the same thing on little-endian machines, the only ones torch has builds for that we support.
"""

from __future__ import annotations

import torch
from torch import Tensor

BITS = (2, 3, 4, 8)
_WORD_BITS = 32


def words_needed(count: int, bits: int) -> int:
    """Number of 32-bit words that `count` codes of `bits` bits fill."""
    _require_known(bits)
    return -(-count * bits // _WORD_BITS)


def pack(codes: Tensor, bits: int) -> Tensor:
    """Pack codes along the last axis.

    codes: uint8 [..., count], every value below 2**bits (not checked: it would cost a pass).
    Returns int32 [..., words_needed(count, bits)]; unused high bits of the last word are 0.
    Raises ValueError for bits other than 2, 3, 4, 8 or another dtype than uint8.
    """
    _require_known(bits)
    if codes.dtype != torch.uint8:
        raise ValueError(f"Codes to pack must be uint8, got {codes.dtype}.")
    words = words_needed(codes.shape[-1], bits)
    padded = _pad_to_multiple(codes, 32)
    stream = _PACKERS[bits](padded)
    packed = torch.empty((*codes.shape[:-1], words), dtype=torch.int32, device=codes.device)
    packed.view(torch.uint8).copy_(stream[..., : 4 * words])
    return packed


def unpack(words: Tensor, bits: int, count: int) -> Tensor:
    """Inverse of `pack`: int32 [..., words] -> uint8 codes [..., count].

    Raises ValueError for unknown bits or when the words cannot hold exactly `count` codes.
    """
    _require_known(bits)
    if words.shape[-1] != words_needed(count, bits):
        raise ValueError(
            f"{count} codes of {bits} bits need {words_needed(count, bits)} words, "
            f"got {words.shape[-1]}."
        )
    if words.stride(-1) != 1:  # a view as bytes needs unit stride, even along an axis of length 1
        words = words.clone(memory_format=torch.contiguous_format)
    stream = words.view(torch.uint8)
    if bits == 3:
        stream = _pad_to_multiple(stream, 3)
    codes: Tensor = _UNPACKERS[bits](stream)[..., :count]
    return codes


def _require_known(bits: int) -> None:
    if bits not in BITS:
        raise ValueError(f"Packing knows {BITS} bits, not {bits}.")


def _pad_to_multiple(values: Tensor, multiple: int) -> Tensor:
    missing = -values.shape[-1] % multiple
    return torch.nn.functional.pad(values, (0, missing)) if missing else values


def _grouped(values: Tensor, size: int) -> Tensor:
    return values.reshape(*values.shape[:-1], values.shape[-1] // size, size)


def _pack2(codes: Tensor) -> Tensor:
    c = _grouped(codes, 4)
    return c[..., 0] | c[..., 1] << 2 | c[..., 2] << 4 | c[..., 3] << 6


def _unpack2(stream: Tensor) -> Tensor:
    return torch.stack([stream >> shift & 3 for shift in (0, 2, 4, 6)], -1).flatten(-2)


def _pack3(codes: Tensor) -> Tensor:
    """Eight codes fill three bytes; codes 2 and 5 straddle a byte boundary."""
    c = _grouped(codes, 8)
    first = c[..., 0] | c[..., 1] << 3 | c[..., 2] << 6
    second = c[..., 2] >> 2 | c[..., 3] << 1 | c[..., 4] << 4 | c[..., 5] << 7
    third = c[..., 5] >> 1 | c[..., 6] << 2 | c[..., 7] << 5
    return torch.stack([first, second, third], -1).flatten(-2)


def _unpack3(stream: Tensor) -> Tensor:
    first, second, third = _grouped(stream, 3).unbind(-1)
    codes = [
        first & 7,
        first >> 3 & 7,
        (first >> 6 | second << 2) & 7,
        second >> 1 & 7,
        second >> 4 & 7,
        (second >> 7 | third << 1) & 7,
        third >> 2 & 7,
        third >> 5,
    ]
    return torch.stack(codes, -1).flatten(-2)


def _pack4(codes: Tensor) -> Tensor:
    c = _grouped(codes, 2)
    return c[..., 0] | c[..., 1] << 4


def _unpack4(stream: Tensor) -> Tensor:
    return torch.stack([stream & 15, stream >> 4], -1).flatten(-2)


def _same(codes: Tensor) -> Tensor:
    return codes


_PACKERS = {2: _pack2, 3: _pack3, 4: _pack4, 8: _same}
_UNPACKERS = {2: _unpack2, 3: _unpack3, 4: _unpack4, 8: _same}
