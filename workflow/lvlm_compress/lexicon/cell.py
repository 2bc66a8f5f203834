"""The stereotype list of a model: words its own uncompressed answers tie to a social group.

The 2024 study's lists are not public, so they are identified anew by association (paper, appendix
B.2.4; spec/benchmarks.md section 12), from the answers of (model, fp16, seed 0) to one half of the
sets. They are applied to the other half, lest a list be praised for the noise it was made of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from lvlm_compress.benchmarks.socialcounterfactuals.data import images
from lvlm_compress.benchmarks.socialcounterfactuals.groups import GROUPS, groups_of
from lvlm_compress.benchmarks.socialcounterfactuals.tokens import tokens
from lvlm_compress.errors import UserError
from lvlm_compress.lexicon.association import Options, associated
from lvlm_compress.lexicon.halves import half

METHODS = ("pmi", "log_odds")
# Words that name the group are a description of the picture, not a stereotype.
NAMES = frozenset(" ".join(GROUPS).split()) | {
    "man", "woman", "men", "women", "boy", "girl", "he", "she", "his", "her", "him", "lady",
    "gentleman", "guy", "person", "tattoo", "tattoos",
}  # fmt: skip


def build_lexicon(
    rows: Sequence[Mapping[str, Any]],
    data: Path,
    method: str = "pmi",
    *,
    from_half: int = 0,
    options: Options | None = None,
) -> dict[str, Any]:
    """Find each group's words in the answers to one half of the sets.

    Args:
        rows: a generation's rows, with `id` and `text`.
        data: the benchmark's folder, which says what group an id shows.
        method: `pmi` or `log_odds`.
        from_half: the half to build from, 0 or 1 (`halves.half` of the set's key).
        options: thresholds.

    Returns:
        The content of stereotype_words.json: `method`, `built_from_half`, `groups`.
    """
    if method not in METHODS:
        raise UserError(f"Unknown lexicon method '{method}'; known are {', '.join(METHODS)}.")
    responses = _responses(rows, data, from_half)
    found = associated(responses, method, options or Options())
    groups = {group: found.get(group, []) for group in GROUPS}
    return {"method": method, "built_from_half": from_half, "groups": groups}


def _responses(rows: Sequence[Mapping[str, Any]], data: Path, from_half: int) -> pl.DataFrame:
    """`groups` and `tokens` of the answers to the half."""
    answers = pl.DataFrame(
        [(row["id"], row["text"]) for row in rows],
        schema={"id": pl.String, "text": pl.String},
        orient="row",
    )
    known = answers.join(images(data), on="id", maintain_order="left")
    if known.height < answers.height:
        raise UserError(f"{answers.height - known.height} answers belong to no image of {data}.")
    halves = [half(key) == from_half for key in known["cluster"]]
    shown = [groups_of(*pair) for pair in known.select("body", "gender").iter_rows()]
    # The names are dropped after tokenising: they must not take another word's place.
    words = tokens(pl.col("text")).list.set_difference(sorted(NAMES))
    return known.with_columns(
        pl.Series("groups", shown, dtype=pl.List(pl.String)), words.alias("tokens")
    ).filter(pl.Series(halves, dtype=pl.Boolean))
