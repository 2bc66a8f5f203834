"""MME: spec/benchmarks.md sections 0, 6 and 13."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvlm_compress.benchmarks import terms
from lvlm_compress.benchmarks.images import open_image
from lvlm_compress.benchmarks.mme import score as scorer
from lvlm_compress.benchmarks.mme.data import TASKS
from lvlm_compress.benchmarks.mme.task import DECODING, load
from lvlm_compress.benchmarks.types import Decoding, ScoreInputs
from lvlm_compress.errors import UserError
from tests.benchmarks.layouts import cell, scored, write_mirror
from tests.benchmarks.mme.layout import SUFFIX, all_replies, kit_id, replies, texts, write

RIGHT = ("Yes", "No", "Yes", "No")


def test_prompts_have_no_tail(tmp_path: Path) -> None:
    examples = load(write(tmp_path, ["existence", "landmark"]))
    assert Decoding(128) == DECODING
    assert [e.prompt for e in examples[:2]] == [
        f"Is there a s1 here?{SUFFIX}",
        f"Is it s1?{SUFFIX}",
    ]
    assert [e.id for e in examples[3:5]] == ["existence/s2.png#2", "landmark/images/s1.png#1"]
    assert examples[0].cluster == examples[1].cluster == "existence/s1"
    assert examples[4].image is not None
    assert open_image(examples[4].image).size == (4, 3)


def test_limit_counts_pictures(tmp_path: Path) -> None:
    assert len(load(write(tmp_path), 3)) == 6


def test_a_mirror_gives_the_same_questions(tmp_path: Path) -> None:
    asked = [
        (t, s, q, a) for t in ("existence", "scene") for s in ("s1", "s2") for q, a in texts(s)
    ]
    columns = {
        "question_id": [kit_id(task, stem) for task, stem, _, _ in asked],
        "question": [question for _, _, question, _ in asked],
        "answer": [gold for _, _, _, gold in asked],
        "category": [task for task, _, _, _ in asked],
    }
    write_mirror(tmp_path / "m" / "test-0.parquet", columns)
    mirrored, plain = load(tmp_path / "m"), load(write(tmp_path / "l", ["existence", "scene"]))
    assert [(e.id, e.prompt, e.cluster) for e in mirrored] == [
        (e.id, e.prompt, e.cluster) for e in plain
    ]


def test_the_tool_s_own_list_is_enough_to_score(tmp_path: Path) -> None:
    folder = tmp_path / "mme" / "eval_tool" / "Your_Results"
    folder.mkdir(parents=True)
    rows = [f"{stem}.png\t{q}\t{gold}" for stem in ("s1", "s2") for q, gold in texts(stem)]
    (folder / "existence.txt").write_text("\n".join(rows))
    result = scored(scorer, tmp_path / "mme", replies("existence", *RIGHT))
    assert (result.metrics["existence"], result.n) == (200, 4)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("Yes", "yes"),
        ("No.", "no"),
        ("Not sure", "no"),
        ("None", "no"),
        ("Know", "no"),
        (" yes", "yes"),
        ("  yes", "other"),
        ("y", "other"),
        ("n", "other"),
        ("", "other"),
        ("It is", "other"),
        ("I think yes", "other"),
        ("NOyes", "no"),
    ],
)
def test_parsing(text: str, parsed: str) -> None:
    assert pl.DataFrame({"t": [text]}).select(p=scorer.parse(pl.col("t")))["p"][0] == parsed


@given(st.text(st.sampled_from("yesnoYESNO \n\tx")))
def test_parsing_equals_the_rule(text: str) -> None:
    start = text.replace("\n", " ").replace("\t", " ").lower()[:4]
    expected = "yes" if "yes" in start else "no" if "no" in start else "other"
    assert pl.DataFrame({"t": [text]}).select(p=scorer.parse(pl.col("t")))["p"][0] == expected


def test_points(tmp_path: Path) -> None:
    """Task score = 100 acc + 100 acc_plus: three of four right, one of two pairs."""
    result = scored(scorer, write(tmp_path / "mme"), all_replies("Yes", "No", "Yes", "Yes"))
    assert result.metrics["OCR_acc"] == 75
    assert result.metrics["OCR_acc_plus"] == 50
    assert result.metrics["OCR"] == 125
    assert result.metrics["perception"] == 1250
    assert result.metrics["perception_without_landmark"] == 1125
    assert result.metrics["cognition"] == 500
    assert terms.value(result.terms) == {k: pytest.approx(v) for k, v in result.metrics.items()}
    assert (result.n, result.status) == (len(TASKS) * 4, "ok")


def test_landmark_is_not_in_the_paper_s_number(tmp_path: Path) -> None:
    """Section 0: nine perception tasks."""
    tasks = [task for task in TASKS if task != "landmark"]
    lines = [line for task in tasks for line in replies(task, *RIGHT)]
    result = scored(scorer, write(tmp_path / "mme", tasks), lines)
    assert result.metrics["perception_without_landmark"] == 1800
    assert result.metrics["perception"] is result.metrics["landmark"] is None
    assert result.reasons["perception"] == "subset_absent"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Yes\nNo", "newline_in_answer"),
        ("Yes\tNo", "tab_in_answer"),
        ("Yes\r", "newline_in_answer"),
    ],
)
def test_broken_lines_are_the_paper_s_dash(tmp_path: Path, text: str, reason: str) -> None:
    """Sections 6 and 13: the script fails, blanks replace the break and the value stays."""
    lines = replies("existence", text, "No", "Yes", "No")
    result = scored(scorer, write(tmp_path / "mme", ["existence"]), lines)
    assert (result.official_script_ok, result.failure_reason) == (False, reason)
    assert (result.metrics["existence"], result.status) == (200, "official_script_failed")


def test_all_other_in_a_task_is_the_paper_s_dash(tmp_path: Path) -> None:
    lines = replies("count", *RIGHT) + replies("color", *["the the"] * 4)
    result = scored(scorer, write(tmp_path / "mme", ["count", "color"]), lines)
    assert result.failure_reason == "all_other_in_task:color"
    assert (result.metrics["color"], result.counts["other"]) == (0, 4)


def test_a_picture_with_one_answer_is_no_pair(tmp_path: Path) -> None:
    lines = replies("count", *RIGHT)[:3]
    result = scored(scorer, write(tmp_path / "mme", ["count"]), lines)
    assert (result.n, result.n_missing) == (3, 1)
    assert result.failure_reason == "missing_prediction"
    assert (result.metrics["count_acc"], result.metrics["count_acc_plus"]) == (100, 50)


@given(st.permutations(range(4)))
def test_order_does_not_matter(tmp_path_factory: pytest.TempPathFactory, order: list[int]) -> None:
    data = write(tmp_path_factory.mktemp("m") / "mme", ["count"])
    lines = replies("count", "Yes", "Yes", "Yes", "No")
    assert scored(scorer, data, [lines[i] for i in order]).metrics["count"] == 125


def test_the_first_duplicate_counts(tmp_path: Path) -> None:
    lines = replies("count", *RIGHT)
    again = replies("count", "No", "Yes", "No", "Yes")
    result = scored(scorer, write(tmp_path / "mme", ["count"]), lines + again)
    assert (result.metrics["count"], result.counts["duplicates"]) == (200, 4)


def test_an_unknown_question_stops_the_official_script(tmp_path: Path) -> None:
    lines = [*replies("count", *RIGHT), *replies("count", "Yes", "No", stems=("s9",))]
    result = scored(scorer, write(tmp_path / "mme", ["count"]), lines)
    assert (result.failure_reason, result.counts["unknown_ids"]) == ("unknown_id", 2)
    assert result.metrics["count"] == 200


def test_a_cell_keeps_its_tasks(tmp_path: Path) -> None:
    answers = cell({"existence/s1.png#1": "Yes", "existence/s1.png#2": "No"})
    result = scorer.score(answers, write(tmp_path), ScoreInputs(restrict=True))
    assert (result.metrics["existence"], result.n_missing) == (200, 0)
    assert result.metrics["perception_without_landmark"] is None


@pytest.mark.parametrize("line", ["no tab", "Is it?\tMaybe"])
def test_malformed_question_files_name_the_line(tmp_path: Path, line: str) -> None:
    data = write(tmp_path, ["count"])
    (data / "MME_Benchmark_release_version/count/s1.txt").write_text(f"Is it?\tYes\n{line}")
    with pytest.raises(UserError, match=r"s1\.txt, line 2: must be"):
        load(data)


def test_a_question_given_twice_is_an_error(tmp_path: Path) -> None:
    data = write(tmp_path, ["count"])
    (data / "MME_Benchmark_release_version/count/s1.txt").write_text("Is it?\tYes\nIs it?\tNo")
    with pytest.raises(UserError, match="more than one entry with task = 'count', stem = 's1'"):
        load(data)
