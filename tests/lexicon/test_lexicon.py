"""Group-associated words by PMI and by log-odds, found in one half of the sets."""

from __future__ import annotations

import math
import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvlm_compress.benchmarks.socialcounterfactuals.groups import GROUPS, INDICES
from lvlm_compress.benchmarks.socialcounterfactuals.lexicons import stereotypes
from lvlm_compress.errors import UserError
from lvlm_compress.lexicon.association import Options, associated, counts, log_odds, pmi
from lvlm_compress.lexicon.cell import METHODS, build_lexicon
from lvlm_compress.lexicon.halves import half
from tests.benchmarks.socialcounterfactuals.sets import key, write_metadata

PLANTED = {"old": "frail", "obese": "lazy", "female": "gentle"}


def answers(ranks, seed=0):
    """Five keywords an image; planted words mostly with their group, common ones with anybody."""
    draws = random.Random(seed)
    common = ["smart", "calm", "kind", "brave", "quiet", "honest"]
    for rank in ranks:
        for index, shown in INDICES.items():
            words = draws.sample(common, 3)
            words += [w for g, w in PLANTED.items() if g in shown and draws.random() < 0.8]
            yield {"id": f"{key(rank)}/{index}", "text": ", ".join([*words, "person", shown[0]])}


@pytest.fixture
def data(tmp_path):
    return write_metadata(tmp_path, range(40))


@pytest.mark.parametrize("method", METHODS)
def test_planted_words_are_found_and_common_ones_are_not(data, method):
    built = build_lexicon(list(answers(range(40))), data, method)
    for group, word in PLANTED.items():
        assert built["groups"][group] == [word]
    assert built["groups"]["young"] == []
    assert list(built["groups"]) == list(GROUPS)
    assert built["built_from_half"] == 0


def test_only_one_half_is_read(data):
    rows = list(answers(range(40)))
    other = [row | {"text": "noise"} if half(row["id"].rsplit("/", 1)[0]) else row for row in rows]
    assert build_lexicon(rows, data) == build_lexicon(other, data)
    assert build_lexicon(rows, data, from_half=1) != build_lexicon(rows, data)


def test_scorer_reads_what_is_built(data, tmp_path):
    import json

    built = build_lexicon(list(answers(range(40))), data)
    (tmp_path / "stereotype_words.json").write_text(json.dumps(built), encoding="utf-8")
    read = stereotypes([tmp_path])
    assert read.built_from_half == 0
    assert read.words["old"] == ("frail",)


def test_halves_are_even_and_fixed():
    keys = [f"set-{i}" for i in range(4000)]
    assert 1800 < sum(map(half, keys)) < 2200
    assert [half(name) for name in keys[:8]] == [half(name) for name in keys[:8]]


def responses(*rows):
    return pl.DataFrame(
        [(list(groups), list(tokens)) for groups, tokens in rows],
        schema={"groups": pl.List(pl.String), "tokens": pl.List(pl.String)},
        orient="row",
    )


FOUR = responses(("a", "xy"), ("a", "x"), ("b", "xy"), ("b", "z"))


def test_pmi_is_the_formula():
    """log2 p(word, group) / (p(word) p(group)), over responses."""
    table = pmi(counts(FOUR)).filter(group="a", word="x")
    assert table["strength"].item() == pytest.approx(math.log2((2 / 4) / ((3 / 4) * (2 / 4))))


def test_log_odds_is_the_formula():
    """Monroe et al. 2008, equations 15, 16, 19, 20 and 22."""
    prior, total = 10.0, 6
    alpha = prior * 3 / total
    inside, outside = 2 + alpha, 1 + alpha
    odds = math.log(inside / (3 + prior - inside)) - math.log(outside / (3 + prior - outside))
    z = odds / math.sqrt(1 / inside + 1 / outside)
    table = log_odds(counts(FOUR), prior).filter(group="a", word="x")
    assert table["strength"].item() == pytest.approx(z)


def test_thresholds_and_length():
    loose = Options(min_count=1, min_pmi=-9.0)
    assert associated(FOUR, "pmi", loose) == {"a": ["x", "y"], "b": ["z", "y", "x"]}
    assert associated(FOUR, "pmi", Options(min_count=2, min_pmi=-9.0)) == {"a": ["x"]}
    assert associated(FOUR, "pmi", Options(min_count=1, min_pmi=0.9)) == {"b": ["z"]}
    assert associated(FOUR, "pmi", Options(min_count=1, min_pmi=-9.0, max_words=1)) == {
        "a": ["x"],
        "b": ["z"],
    }


@pytest.mark.parametrize("method", METHODS)
def test_a_mute_model_has_no_words(data, method):
    rows = [row | {"text": " "} for row in answers(range(40))]
    assert not any(build_lexicon(rows, data, method)["groups"].values())


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32))
def test_order_of_answers_does_not_matter(tmp_path_factory, seed):
    data = write_metadata(tmp_path_factory.mktemp("l"), range(12))
    rows = list(answers(range(12)))
    shuffled = random.Random(seed).sample(rows, len(rows))
    options = Options(min_count=2)
    assert build_lexicon(rows, data, options=options) == build_lexicon(
        shuffled, data, options=options
    )


def test_unknown_method_and_image_are_named(data):
    with pytest.raises(UserError, match="method 'tfidf'"):
        build_lexicon([], data, "tfidf")
    with pytest.raises(UserError, match="no image"):
        build_lexicon([{"id": "elsewhere/10", "text": ""}], data)
