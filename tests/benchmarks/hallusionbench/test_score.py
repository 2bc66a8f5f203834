"""Metrics, judges and script failures of spec/benchmarks.md sections 10, 13 and 14."""

from __future__ import annotations

import csv
import json
import random
from math import floor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvlm_compress.benchmarks import terms
from lvlm_compress.benchmarks.hallusionbench.data import questions
from lvlm_compress.benchmarks.hallusionbench.metrics import METRICS
from lvlm_compress.benchmarks.hallusionbench.score import read_answers, score
from lvlm_compress.benchmarks.types import ScoreInputs
from lvlm_compress.errors import UserError
from tests.benchmarks.hallusionbench.items import item, judged, write
from tests.shared_data import shared

DIAGNOSIS = ("language_hallucination", "visual_illusion", "mixed")


def run(tmp_path, records, **inputs):
    """Score records that are question file and result file at once."""
    write(tmp_path / "HallusionBench.json", records)
    file = write(tmp_path / "result.json", records)
    return score(read_answers(file, tmp_path), tmp_path, ScoreInputs(**inputs))


def real(tmp_path, rule):
    """Score the real question file with fields that `rule` adds to each entry."""
    data = shared("hallusionbench")
    entries = json.loads((data / "HallusionBench.json").read_text(encoding="utf-8"))
    file = write(tmp_path / "result.json", [entry | rule(entry) for entry in entries])
    return score(read_answers(file, data), data, ScoreInputs())


def verdict(code, same="1", text="No"):
    return {"model_prediction": text, "gpt4v_output_gpt_check": code, "same": same}


def test_all_wrong_on_the_real_questions(tmp_path):
    """Chance figures of section 14."""
    found = real(tmp_path, lambda entry: verdict("0"))
    assert found.n == 1129
    assert found.metrics["pct_diff"] == pytest.approx((645 - 484) / 1129)
    assert round(found.metrics["pct_diff"], 3) == 0.143
    assert round(found.metrics["fp_ratio"], 3) == 0.571
    assert found.metrics["consistency_wrong"] == 100
    assert found.metrics["aacc"] == 0
    assert sum(found.metrics[name] for name in DIAGNOSIS) == pytest.approx(100)


def test_all_right_on_the_real_questions(tmp_path):
    found = real(tmp_path, lambda entry: verdict("1"))
    assert [found.metrics[name] for name in ("aacc", "qacc", "facc", "easy", "hard")] == [100] * 5
    assert found.metrics["pct_diff"] == 0
    assert [found.metrics[name] for name in ("fp_ratio", *DIAGNOSIS)] == [None] * 4
    assert found.reasons["mixed"] == "no_errors"
    assert (found.official_script_ok, found.failure_reason) == (False, "no_errors")
    assert found.status == "official_script_failed"


def test_denominators_on_the_real_questions(tmp_path):
    found = real(tmp_path, lambda entry: verdict("0"))
    sums = {
        metric: found.terms.filter(metric=metric)["den"].sum()
        for metric in ("aacc", "qacc", "facc", "aacc_vd", "aacc_vs")
    }
    assert sums == {"aacc": 1129, "qacc": 455, "facc": 346, "aacc_vd": 591, "aacc_vs": 538}


@pytest.mark.parametrize("seed", [1, 2])
def test_pct_diff_identity(tmp_path, seed):
    """Pct.Diff = (2 * FP * W + 484 - W) / 1129 - 484 / 1129, section 10."""
    draws = random.Random(seed)
    found = real(tmp_path, lambda entry: verdict(draws.choice("012"), draws.choice("01")))
    wrong = found.rows["score"].eq(0).sum()
    expected = (2 * found.metrics["fp_ratio"] * wrong + 484 - wrong) / 1129 - 484 / 1129
    assert found.metrics["pct_diff"] == pytest.approx(expected)
    parts = [found.metrics[f"consistency_{part}"] for part in ("correct", "inconsistent", "wrong")]
    assert sum(parts) == pytest.approx(100)
    assert found.metrics["facc"] == found.metrics["consistency_correct"]
    values = terms.value(found.terms)
    assert values == pytest.approx({k: v for k, v in found.metrics.items() if v is not None})


def test_papers_accuracies_are_multiples_of_one_in_1129():
    """All printed values but the slip that its README names."""
    file = Path(__file__).parents[3] / "workflow" / "resources" / "paper" / "results.csv"
    if not file.is_file():
        pytest.skip("needs workflow/resources/paper/results.csv")
    with file.open(encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle) if row["benchmark"] == "HallusionBench"]
    printed = {row["value"] for row in rows if row["metric"] == "accuracy" and row["value"]}
    possible = [100 * k / 1129 for k in range(1130)]
    off = {v for v in printed if min(abs(float(v) - p) for p in possible) > 0.00501}
    assert off <= {"19.58"}
    assert "36.4" in printed
    assert floor(0.364 * 1129 + 0.5) == 411


def test_text_only_unclear_counts_as_correct(tmp_path):
    found = run(
        tmp_path,
        [judged("VS", "0", "0", "2"), judged("VS", "1", "2", "2"), judged("VD", "0", "1", "0")],
    )
    assert found.rows["score"].to_list() == [1.0, 0.0, 0.0]
    # The raw code of the original stays 2, hence visual illusion.
    assert found.rows["error"].to_list() == [None, "visual_illusion", "visual_illusion"]


def test_question_groups_easy_and_hard(tmp_path):
    found = run(
        tmp_path,
        [
            judged("VD", "0", "1", "1"),
            judged("VD", "1", "2", "0"),
            judged("VD", "0", "1", "1", question="1"),
            judged("VD", "1", "2", "1", question="1"),
        ],
    )
    names = ("qacc", "easy", "hard", "facc", "consistency_inconsistent")
    assert [found.metrics[name] for name in names] == [50, 100, 50, 50, 50]


def test_implied_yes_and_false_positives(tmp_path):
    """Unclear counts as the opposite of the truth."""
    found = run(
        tmp_path,
        [
            judged("VD", "0", "1", "2", gt="0"),
            judged("VD", "0", "1", "0", gt="1", question="1"),
            judged("VD", "0", "1", "1", gt="1", question="2"),
        ],
    )
    assert found.metrics["pct_diff"] == pytest.approx(2 / 3 - 2 / 3)
    assert found.metrics["fp_ratio"] == 0.5


def test_without_a_judge_only_the_offline_rule_speaks(tmp_path):
    answers = [("Yes, it is", "1"), ("no", "1"), ("**No**.", "0"), ("Nope", "0"), ("", "1")]
    records = [
        item("VD", "0", "1", gt=gt, question=str(i), model_prediction=text)
        for i, (text, gt) in enumerate(answers)
    ]
    found = run(tmp_path, records)
    assert all(found.metrics[name] is None for name in METRICS)
    assert {found.reasons[name] for name in METRICS} == {"needs_llm_judge"}
    assert (found.status, found.official_script_ok) == ("needs_llm_judge", True)
    assert found.rows["parsed"].to_list() == ["yes", "no", "no", "unclear", "unclear"]
    assert found.metrics["offline_aacc"] == 40


def test_offline_same_is_equal_polarity(tmp_path):
    records = [
        item("VD", "0", "1", gt="1", model_prediction="Yes"),
        item("VD", "1", "2", gt="0", model_prediction="Yes indeed"),
        item("VS", "0", "0", gt="1", model_prediction="Yes"),
        item("VS", "1", "2", gt="0", model_prediction="yes"),
    ]
    found = run(tmp_path, records)
    assert found.rows["error"].to_list() == [None, "mixed", None, "language_hallucination"]
    assert found.metrics["offline_mixed"] == 50


def test_grades_file_and_official_folder(tmp_path):
    records = [
        item("VD", "0", "1", model_prediction="Yes"),
        item("VS", "0", "0", model_prediction="No"),
    ]
    graded = [judged("VD", "0", "1", "0"), judged("VS", "0", "0", "1")]
    merged = write(tmp_path / "grades.json", graded)
    folder = tmp_path / "official"
    folder.mkdir()
    write(folder / "hallusion_output_vd_model.json", graded[:1])
    write(folder / "hallusion_output_vs_model.json", graded[1:])
    one, other = run(tmp_path, records, grades=merged), run(tmp_path, records, grades=folder)
    assert one.metrics == other.metrics
    assert one.metrics["aacc"] == 50
    assert one.status == "ok"


def test_half_judged_is_not_judged(tmp_path):
    found = run(tmp_path, [judged("VD", "0", "1", "0"), item("VS", "0", "0", model_prediction="")])
    assert found.metrics["aacc"] is None
    assert found.counts["without_verdict"] == 1


def test_verdicts_without_same_leave_the_diagnosis_open(tmp_path):
    records = [judged("VD", "0", "1", "1"), judged("VD", "1", "2", "0")]
    for record in records:
        del record["same"]
    found = run(tmp_path, records)
    assert found.metrics["aacc"] == 50
    assert found.metrics["mixed"] is None
    assert found.reasons["mixed"] == "needs_llm_judge"


def test_unparsable_verdict_fails_the_script_and_counts_as_unclear(tmp_path):
    found = run(
        tmp_path, [judged("VD", "0", "1", "maybe"), judged("VD", "0", "1", "1", set_id="1")]
    )
    assert (found.official_script_ok, found.failure_reason) == (False, "judge_unparsable")
    assert found.metrics["aacc"] == 50


def test_missing_prediction(tmp_path):
    records = [judged("VD", "0", "1", "0"), item("VS", "0", "0")]
    found = run(tmp_path, records)
    assert (found.n, found.n_missing) == (1, 1)
    assert (found.official_script_ok, found.failure_reason) == (False, "missing_prediction")
    cell = run(tmp_path, records, restrict=True)
    assert (cell.n, cell.n_missing, cell.official_script_ok) == (1, 0, True)


def test_malformed_files_are_named(tmp_path):
    with pytest.raises(UserError, match="JSON list"):
        read_answers(write(tmp_path / "a.json", {}), tmp_path)
    record = item("VD", "0", "1", model_prediction=1)
    with pytest.raises(UserError, match="model_prediction"):
        read_answers(write(tmp_path / "a.json", [record]), tmp_path)
    with pytest.raises(UserError, match="no answers"):
        read_answers(write(tmp_path / "a.json", [item("VD", "0", "1")]), tmp_path)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32))
def test_order_of_answers_does_not_matter(tmp_path_factory, seed):
    draws = random.Random(seed)
    records = [
        judged(category, figure, visual, draws.choice("012"), draws.choice("01"), question=question)
        for category, figure, visual in (("VD", "0", "1"), ("VD", "1", "2"), ("VS", "0", "0"))
        for question in "0123"
    ]
    folder = tmp_path_factory.mktemp("h")
    write(folder / "HallusionBench.json", records)
    ordered = read_answers(write(folder / "r.json", records), folder)
    shuffled = ordered.sample(fraction=1, shuffle=True, seed=seed)
    one, other = (score(frame, folder, ScoreInputs()) for frame in (ordered, shuffled))
    assert one.metrics == other.metrics
    assert one.rows.equals(other.rows)


def test_real_ids_are_unique():
    assert questions(shared("hallusionbench"))["id"].n_unique() == 1129
