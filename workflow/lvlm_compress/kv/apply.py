"""Quantize chosen tokens of a padded batch, each sample by its own statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from lvlm_compress.kv.columns import Columns
    from lvlm_compress.kv.tensor_scheme import TensorScheme

Range = tuple[int, int]
Selection = slice | tuple[int, ...]


def quantize_(
    scheme: TensorScheme, store: Tensor, columns: Columns, ranges: dict[int, Range]
) -> None:
    """Fake-quantize, in place, tokens start..stop-1 of some samples.

    store: [batch, kv_heads, columns, head_dim]; ranges: sample -> (start, stop) in its own token
    numbers. Samples whose tokens lie in the same columns go through the scheme together.
    """
    for samples, selection in _alike(columns, ranges):
        if isinstance(selection, slice):
            rows = _rows(samples)
            store[rows, :, selection] = scheme.fake_quantize(store[rows][:, :, selection])
        else:
            for sample in samples:
                part = store[sample : sample + 1, :, list(selection)]
                store[sample : sample + 1, :, list(selection)] = scheme.fake_quantize(part)


def _rows(samples: tuple[int, ...]) -> slice | list[int]:
    """An index of samples; a slice where they stand side by side, which copies nothing."""
    first, last = samples[0], samples[-1]
    side_by_side = samples == tuple(range(first, last + 1))
    return slice(first, last + 1) if side_by_side else list(samples)


def _alike(
    columns: Columns, ranges: dict[int, Range]
) -> Iterator[tuple[tuple[int, ...], Selection]]:
    found: dict[object, tuple[list[int], Selection]] = {}
    for sample, (start, stop) in ranges.items():
        if stop > start:
            selection = columns.select(sample, start, stop)
            key = (selection.start, selection.stop) if isinstance(selection, slice) else selection
            found.setdefault((type(selection), key), ([], selection))[0].append(sample)
    for samples, selection in found.values():
        yield tuple(samples), selection
