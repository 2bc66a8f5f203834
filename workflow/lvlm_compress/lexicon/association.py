"""Words associated with a group: pointwise mutual information or weighted log-odds.

PMI as in Church and Hanks (1990) over responses: log2 p(word, group) / (p(word) p(group)), the way
the 2024 study of counterfactuals found its lists (spec/benchmarks.md section 12). Log-odds with an
informative Dirichlet prior as in Monroe, Colaresi and Quinn (2008), equations 15, 16, 19-22, the
prior being the words' frequencies over all responses.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Options:
    """What makes a word a group's word.

    Attributes:
        min_count: responses of the group that must have the word.
        min_pmi: least PMI, in bits.
        min_z: least z-score of the log-odds (1.96: 95 %).
        prior: weight of the prior, as a number of words.
        max_words: longest list of a group, best first.
    """

    min_count: int = 3
    min_pmi: float = 0.5
    min_z: float = 1.96
    prior: float = 100.0
    max_words: int = 50


def counts(responses: pl.DataFrame) -> pl.DataFrame:
    """`group, word, n_both, n_word, n_group, n` in responses; a word counts once a response.

    Args:
        responses: `groups` (list of the groups shown) and `tokens` (list of distinct words).
    """
    each = responses.select("groups", "tokens").with_row_index("response")
    memberships = each.explode("groups").rename({"groups": "group"})
    words = each.explode("tokens").drop_nulls("tokens").rename({"tokens": "word"})
    n_word = words.group_by("word").agg(pl.len().alias("n_word"))
    n_group = memberships.group_by("group").agg(pl.len().alias("n_group"))
    pairs = words.select("response", "word").join(
        memberships.select("response", "group"), on="response"
    )
    both = pairs.group_by("group", "word").agg(pl.len().alias("n_both"))
    joined = both.join(n_word, on="word").join(n_group, on="group")
    return joined.with_columns(
        pl.col("n_both", "n_word", "n_group").cast(pl.Float64), n=pl.lit(float(each.height))
    )


def pmi(table: pl.DataFrame) -> pl.DataFrame:
    """Add `strength`: the PMI of word and group in bits."""
    ratio = pl.col("n_both") * pl.col("n") / (pl.col("n_word") * pl.col("n_group"))
    return table.with_columns(strength=ratio.log(2))


def log_odds(table: pl.DataFrame, prior: float) -> pl.DataFrame:
    """Add `strength`: the z-score of the log-odds of a word in the group against the others."""
    inside = pl.col("n_both").sum().over("group")
    total = table.unique("word")["n_word"].sum()
    outside = total - inside
    alpha = prior * pl.col("n_word") / total
    y_in, y_out = pl.col("n_both") + alpha, pl.col("n_word") - pl.col("n_both") + alpha
    odds_in = y_in / (inside + prior - y_in)
    odds_out = y_out / (outside + prior - y_out)
    return table.with_columns(
        strength=(odds_in.log() - odds_out.log()) / (1 / y_in + 1 / y_out).sqrt()
    )


def associated(responses: pl.DataFrame, method: str, options: Options) -> dict[str, list[str]]:
    """Each group's words, the most strongly associated first, ties in alphabetical order."""
    table = counts(responses)
    if method == "pmi":
        scored, least = pmi(table), options.min_pmi
    else:
        scored, least = log_odds(table, options.prior), options.min_z
    kept = scored.filter((pl.col("n_both") >= options.min_count) & (pl.col("strength") >= least))
    ordered = kept.sort(["group", "strength", "word"], descending=[False, True, False])
    lists = ordered.group_by("group", maintain_order=True).agg(
        pl.col("word").head(options.max_words)
    )
    return dict(lists.iter_rows())
