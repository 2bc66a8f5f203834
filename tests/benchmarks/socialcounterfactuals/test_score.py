"""Metrics of spec/benchmarks.md section 12."""

from __future__ import annotations

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvlm_compress.benchmarks import terms
from lvlm_compress.benchmarks.socialcounterfactuals.groups import INDICES
from lvlm_compress.benchmarks.socialcounterfactuals.score import METRICS, read_answers, score
from lvlm_compress.benchmarks.socialcounterfactuals.tokens import tokens
from lvlm_compress.benchmarks.types import ScoreInputs
from lvlm_compress.errors import UserError
from lvlm_compress.lexicon.halves import half
from tests.benchmarks.socialcounterfactuals.sets import image, key, write_lines, write_metadata
from tests.shared_data import shared


@pytest.fixture
def data(tmp_path):
    return write_metadata(tmp_path, range(4))


def answer(rank, index, text, seed=0):
    return {"image": image(rank, index), "prompt": "What", "seed": seed, "text": text}


def full_set(rank, text="smart", seed=0):
    return [answer(rank, index, f"{text} {index}", seed) for index in INDICES]


def run(data, rows, toxicity=None, **inputs):
    """Score rows; `toxicity` maps a text to its toxicity."""
    file = write_lines(data / "answers.jsonl", rows)
    if toxicity is not None:
        rated = [{"text": text, "toxicity": value} for text, value in toxicity.items()]
        inputs["toxicities"] = write_lines(data / "toxicities.jsonl", rated)
    return score(read_answers(file, data), data, ScoreInputs(**inputs))


def words(data, competence=(), stereotypes=None):
    (data / "competency_words.txt").write_text("\n".join(competence) + "\n", encoding="utf-8")
    if stereotypes is not None:
        path = data / "stereotype_words.json"
        path.write_text(json.dumps(stereotypes), encoding="utf-8")


def test_max_toxicity_is_the_spread_within_a_set_and_seed(data):
    rows = [*full_set(0), *full_set(1), *full_set(0, "other", seed=1)]
    rated = {row["text"]: 0.1 for row in rows} | {"smart 10": 0.9, "other 27": 0.4}
    found = run(data, rows, rated)
    # Sets 0 and 1 have the same texts: 0.8 twice, and 0.3 for the other seed.
    assert found.metrics["max_toxicity"] == pytest.approx((0.8 + 0.8 + 0.3) / 3)
    assert found.metrics["plain_max_toxicity"] == pytest.approx((0.9 + 0.9 + 0.4) / 3)
    assert (found.status, found.n, found.n_missing) == ("ok", 30, 0)


def test_incomplete_sets_are_reported_not_imputed(data):
    rows = [*full_set(0), *full_set(1, "b")[:9], *full_set(2, "c")]
    rated = {row["text"]: 0.2 for row in rows if row["text"] != "c 10"} | {"b 10": 1.0}
    found = run(data, rows, rated)
    assert found.metrics["plain_max_toxicity"] == pytest.approx(0.2)
    assert (found.counts["sets"], found.counts["incomplete_sets"]) == (3, 2)
    assert found.counts["without_toxicity"] == 1
    assert found.n_missing == 1


def test_without_a_model_toxicity_is_open(data):
    words(data, ["smart"])
    found = run(data, full_set(0))
    assert found.metrics["max_toxicity"] is None
    assert found.reasons["plain_max_toxicity"] == "needs_toxicity_model"
    assert found.status == "needs_toxicity_model"
    assert found.metrics["competence"] == 1.0


def test_all_empty_outputs_give_zero_and_show_it(data):
    rows = [answer(0, index, " \n") for index in INDICES]
    words(data, ["smart"], {"old": ["frail"]})
    found = run(data, rows, {" \n": 0.001})
    assert [found.metrics[name] for name in METRICS] == [0.0, 0.001, 0.0, 0.0, 100.0]
    assert found.counts["empty"] == 10


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Smart, STRONG.", ["smart", "strong"]),
        ('smart! "smart" smart; \'smart', ["smart!", '"smart"', "smart;", "'smart"]),
        ("Smart.Strong", ["smartstrong"]),
        ("smart, smart. smart", ["smart"]),
        ("1. smart\n2.\tcalm", ["1", "smart", "2", "calm"]),
        (" ,. ", []),
        ("a\x1cb\u00a0c", ["a", "b", "c"]),
    ],
)
def test_tokenisation(text, found):
    frame = pl.DataFrame({"text": [text]})
    assert frame.select(tokens(pl.col("text"))).item().to_list() == found


@given(st.text(max_size=80))
def test_tokenisation_is_that_of_python(text):
    expected = text.lower().replace(",", "").replace(".", "").split()
    frame = pl.DataFrame({"text": [text]})
    assert set(frame.select(tokens(pl.col("text"))).item()) == set(expected)


def test_competence_counts_distinct_listed_words(data):
    words(data, ["Smart", "calm"])
    texts = dict.fromkeys(INDICES, "nothing") | {"10": "smart, Smart, calm, smart!"}
    found = run(data, [answer(0, index, text) for index, text in texts.items()])
    assert found.metrics["competence"] == pytest.approx(2 / 10)
    assert found.reasons["stereotype"] == "needs_lexicon"


def test_without_lists_both_counts_are_open(data):
    found = run(data, full_set(0), {f"smart {index}": 0.5 for index in INDICES})
    assert found.metrics["competence"] is None
    assert found.reasons["competence"] == found.reasons["stereotype"] == "needs_lexicon"
    assert found.status == "ok"


def test_stereotypes_are_those_of_the_groups_shown(data):
    lists = {"old": ["frail", "wise"], "male": ["strong", "wise"], "old female": ["sweet"]}
    words(data, [], lists)
    text = "frail, wise, strong, sweet"
    found = run(data, [answer(0, index, text) for index in INDICES])
    # old male: frail, wise, strong; old female: frail, wise, sweet; other males: strong, wise.
    assert found.metrics["stereotype"] == pytest.approx((3 + 3 + 4 * 2) / 10)


def test_a_list_is_not_applied_to_the_half_it_was_made_of(data):
    rank, other = 0, next(r for r in range(1, 4) if half(key(r)) != half(key(0)))
    words(data, [], {"built_from_half": half(key(rank)), "groups": {"male": ["smart"]}})
    found = run(data, [*full_set(rank), *full_set(other)])
    assert found.rows.filter(cluster=key(rank))["stereotype"].null_count() == 10
    assert found.metrics["stereotype"] == 0.5
    only = run(data, full_set(rank))
    assert only.metrics["stereotype"] is None
    assert only.reasons["stereotype"] == "no_set_in_the_other_half"


def test_lexicons_folder_comes_before_the_data_folder(data):
    words(data, ["calm"])
    folder = data / "mine"
    folder.mkdir()
    words(folder, ["smart"])
    assert run(data, full_set(0), lexicons=folder).metrics["competence"] == 1.0
    (folder / "competency_words.txt").unlink()
    assert run(data, full_set(0), lexicons=folder).metrics["competence"] == 0.0


@pytest.mark.parametrize(
    "content",
    [{"tall": ["x"]}, {"old": "x"}, {"old": [1]}, ["old"], {"built_from_half": 2, "groups": {}}],
)
def test_malformed_list_is_named(data, content):
    words(data, [], content)
    with pytest.raises(UserError, match=r"stereotype_words\.json"):
        run(data, full_set(0))


@pytest.mark.parametrize("record", [{"text": "a"}, {"text": "a", "toxicity": 2}, {"toxicity": 1}])
def test_malformed_toxicities_are_named(data, record):
    file = write_lines(data / "t.jsonl", [record])
    with pytest.raises(UserError, match=r"t\.jsonl"):
        run(data, full_set(0), toxicities=file)


def test_unknown_images_and_duplicates_are_counted(data):
    rows = [*full_set(0), answer(9, "10", "x"), answer(0, "10", "later")]
    found = run(data, rows)
    assert (found.counts["unknown_ids"], found.counts["duplicates"]) == (1, 1)
    assert found.rows["answer"][0] == "later"


def test_cell_answers_have_ids(data):
    answers = pl.DataFrame({"id": [f"{key(0)}/{index}" for index in INDICES], "text": ["a"] * 10})
    found = score(answers, data, ScoreInputs(restrict=True))
    assert (found.n, found.n_missing) == (10, 0)
    assert found.rows["id"][0] == f"{key(0)}/10"


def test_terms_give_the_metrics(data):
    words(data, ["smart"], {"old": ["smart"]})
    rows = [*full_set(0), *full_set(1, "wise")]
    found = run(data, rows, {row["text"]: i / 20 for i, row in enumerate(rows)})
    assert terms.value(found.terms) == pytest.approx(found.metrics)
    assert list(found.metrics) == METRICS


def test_real_competence_words():
    data = shared("social_counterfactuals")
    answers = pl.DataFrame({"id": ["physical_gender_carpenter_0_3918439167/10"], "text": ["Smart"]})
    found = score(answers, data, ScoreInputs(restrict=True))
    listed = (data / "competency_words.txt").read_text(encoding="utf-8").split()
    assert len(set(listed)) == 861
    assert found.metrics["competence"] == float("smart" in listed)


@given(seed=st.integers(0, 2**32))
def test_order_of_answers_does_not_matter(tmp_path_factory, seed):
    data = write_metadata(tmp_path_factory.mktemp("s"), [0, 1])
    rows = [*full_set(0), *full_set(1, "wise")]
    ordered = read_answers(write_lines(data / "a.jsonl", rows), data)
    shuffled = ordered.sample(fraction=1, shuffle=True, seed=seed)
    one, other = (score(frame, data, ScoreInputs()) for frame in (ordered, shuffled))
    assert one.metrics == other.metrics
    assert one.rows.equals(other.rows)
