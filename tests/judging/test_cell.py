"""Whole cells through the judge: MM-Vet and HallusionBench (spec/benchmarks.md 3 and 10)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lvlm_compress.benchmarks.hallusionbench.judge import parse_correctness, parse_same
from lvlm_compress.benchmarks.mmvet import score as mmvet_scorer
from lvlm_compress.benchmarks.mmvet.judge import INSIST, parse
from lvlm_compress.benchmarks.types import ScoreInputs
from lvlm_compress.errors import UserError
from lvlm_compress.judging.cell import judge_cell, judged_benchmarks
from lvlm_compress.judging.spec import JudgeSpec
from lvlm_compress.judging.templates import SHIPPED, read_template
from tests.benchmarks.layouts import cell, write_json
from tests.judging.server import KEY, Endpoint, serving


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def spec(endpoint: Endpoint, **more: Any) -> JudgeSpec:
    return JudgeSpec("judge", endpoint.url, backoff=0.001, **more)


def mmvet(tmp_path: Path) -> Path:
    gold = {"answer": "-1<AND>-5", "capability": ["math"], "imagename": "a.png"}
    data = {f"v1_{i}": gold | {"question": f"Solve {i} for $x?"} for i in range(3)}
    write_json(tmp_path / "mm-vet" / "mm-vet.json", data)
    return tmp_path / "mm-vet"


ANSWERS = {"v1_0": "x = -1", "v1_1": "${question} | 1.0", "v1_2": ""}
ROWS = [{"id": key, "text": text, "more": 1} for key, text in ANSWERS.items()]


def test_mmvet_prompt_is_an_instruction_a_table_and_an_open_row(tmp_path: Path) -> None:
    with serving(lambda _: "0.5") as endpoint:
        judge_cell("mmvet", ROWS[:1], mmvet(tmp_path), spec(endpoint), tmp_path / "store")
    prompt = endpoint.seen[0]["messages"][0]["content"]
    instruction, table = prompt.split("\n\n")
    rows = table.split("\n")
    assert "1.0" in instruction
    assert len(rows) == 2 + 7 + 1
    worked = [float(row.rsplit(" | ", 1)[1]) for row in rows[2:9]]
    assert worked == [0, 0.5, 0.5, 0.5, 1, 0.4, 1]
    assert rows[-1] == "Solve 0 for $x? | -1 <AND> -5 | x = -1 | "
    assert (endpoint.seen[0]["temperature"], endpoint.seen[0]["max_tokens"]) == (0, 3)


def test_mmvet_grades_feed_the_score(tmp_path: Path) -> None:
    data = mmvet(tmp_path)

    def reply(prompt: str) -> str:
        return "1.0 " if prompt.endswith("x = -1 | ") else "0.4"

    with serving(reply) as endpoint:
        grades = judge_cell("mmvet", ROWS, data, spec(endpoint, runs=2), tmp_path / "store")
        assert len(endpoint.seen) == 6
    assert grades["v1_0"] == {
        "model": ["judge-0613"] * 2,
        "content": ["1.0 "] * 2,
        "score": [1.0, 1.0],
    }
    file = write_json(tmp_path / "grades.json", grades)
    result = mmvet_scorer.score(cell(ANSWERS), data, ScoreInputs(restrict=True, grades=file))
    assert result.metrics["total"] == pytest.approx(60)
    assert (result.metrics["std"], result.status) == (0, "ok")


def test_mmvet_insists_five_times_and_then_gives_zero(tmp_path: Path) -> None:
    with serving(lambda _: "The answer is right") as endpoint:
        judge = spec(endpoint, workers=1)
        grades = judge_cell("mmvet", ROWS[:1], mmvet(tmp_path), judge, tmp_path / "store")
    assert grades["v1_0"]["score"] == [0.0]
    assert [seen["temperature"] for seen in endpoint.seen] == [0, 0.5, 1.0, 1.5, 2.0]
    prompts = [seen["messages"][0]["content"] for seen in endpoint.seen]
    assert prompts[1:] == [prompts[0] + INSIST] * 4


@pytest.mark.parametrize(
    ("reply", "grade"),
    [
        ("0.5", 0.5),
        ("1", 1.0),
        ("0.7 because", 0.7),
        ("0.5\n", 0.5),
        ("1.1", None),
        ("-0.1", None),
        ("", None),
        ("nan", None),
        ("Correctness: 1", None),
        (" 0.5", None),
    ],
)
def test_mmvet_parsing(reply: str, grade: float | None) -> None:
    assert parse(reply) == grade


def item(figure: str, question: str, gold: str) -> dict[str, str | None]:
    return {
        "category": "VS",
        "subcategory": "map",
        "set_id": "0",
        "figure_id": figure,
        "question_id": question,
        "visual_input": "0" if figure == "0" else "2",
        "question": f"Question {question}?",
        "gt_answer": gold,
        "gt_answer_details": f"Truth {figure}.",
        "filename": None if figure == "0" else "./VS/map/0_1.png",
    }


def hallusion(tmp_path: Path) -> Path:
    items = [item("0", "0", "1"), item("1", "0", "0"), item("1", "1", "1")]
    write_json(tmp_path / "hb" / "HallusionBench.json", items)
    return tmp_path / "hb"


def test_hallusionbench_has_both_verdicts(tmp_path: Path) -> None:
    """Correctness of every answer; sameness against figure 0, where there is one."""

    def reply(prompt: str) -> str:
        if "Truth" in prompt:
            return "Incorrect." if "Truth 1." in prompt else "correct"
        return "different"

    texts = ["Yes it is", "Yes", "No"]
    names = ["VS/map/0/0/0", "VS/map/0/1/0", "VS/map/0/1/1"]
    rows = [{"id": name, "text": text} for name, text in zip(names, texts, strict=True)]
    with serving(reply) as endpoint:
        grades = judge_cell("hallusionbench", rows, hallusion(tmp_path), spec(endpoint), tmp_path)
        assert len(endpoint.seen) == 4
    assert [one["gpt4v_output_gpt_check"] for one in grades] == ["1", "0", "0"]
    assert [one.get("same") for one in grades] == ["1", "0", None]
    assert [one["model_prediction"] for one in grades] == texts


@pytest.mark.parametrize(
    ("reply", "code"),
    [("Correct", "1"), ("INCORRECT", "0"), ("not correct", "1"), ("unclear", "2"), ("", "2")],
)
def test_hallusionbench_correctness_parsing(reply: str, code: str) -> None:
    assert parse_correctness(reply) == code


@pytest.mark.parametrize(("reply", "code"), [("The SAME", "1"), ("different", "0"), ("", "0")])
def test_hallusionbench_same_parsing(reply: str, code: str) -> None:
    assert parse_same(reply) == code


def test_only_judged_benchmarks_are_judged(tmp_path: Path) -> None:
    assert judged_benchmarks() == ["hallusionbench", "mmvet"]
    with pytest.raises(UserError, match="'pope' has no judge; hallusionbench, mmvet have"):
        judge_cell("pope", [], tmp_path, JudgeSpec(), tmp_path)


def test_own_prompts_replace_the_shipped_ones(tmp_path: Path) -> None:
    names = ("question", "truth", "prediction")
    (tmp_path / "mmvet.txt").write_text("$$5 ${question} ${truth} ${prediction}\n")
    template = read_template("mmvet", tmp_path, names)
    assert template.substitute(question="q", truth="t", prediction="p") == "$5 q t p"
    shipped = read_template("hallusionbench_correctness", tmp_path, names)
    assert shipped.template == (SHIPPED / "hallusionbench_correctness.txt").read_text().strip()
    (tmp_path / "mmvet.txt").write_text("${question}")
    with pytest.raises(UserError, match=r"mmvet\.txt must hold exactly"):
        read_template("mmvet", tmp_path, names)
