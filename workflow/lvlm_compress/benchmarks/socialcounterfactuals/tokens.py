"""How words are counted: the authors' tokenisation.

Source: spec/benchmarks.md section 12: lower case, `,` and `.` deleted (not replaced), split on
whitespace. `smart!` or `"smart"` is another word than `smart`, "Smart.Strong" is one word.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl


def tokens(text: pl.Expr) -> pl.Expr:
    """Distinct tokens of a text, as a list, in the order of their first occurrence."""
    plain = text.str.to_lowercase().str.replace_all(r"[,.]", "")
    # Python's split also splits at the four separators that Unicode does not call blanks.
    return plain.str.extract_all(r"[^\s\x1c-\x1f]+").list.unique(maintain_order=True)


def count_in(found: pl.Expr, words: Sequence[str]) -> pl.Expr:
    """How many of the distinct tokens `found` are in a word list."""
    return found.list.eval(pl.element().is_in(list(words))).list.sum().fill_null(0)
