"""`python -m lvlm_compress.score`, the stable entry point for foreign answer files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lvlm_compress import registry
from lvlm_compress.score import main
from tests.benchmarks.layouts import answer, write_json, write_jsonl
from tests.benchmarks.pope.layout import write_split
from tests.shared_data import ROOT

POPE_ANSWERS = [answer(10_000_000 + i, text) for i, text in enumerate(["Yes", "no"] * 2, start=1)]


def run(benchmark: str, data: Path, answers: list[dict[str, Any]], *extra: object) -> Any:
    out = data.parent / "out" / "metrics.json"
    file = write_jsonl(data.parent / "answers.jsonl", answers)
    needed = ["--data", data, "--answers", file, "--out", out]
    main([benchmark, *map(str, needed), *map(str, extra)])
    return json.loads(out.read_text())


def test_output_has_the_documented_keys(tmp_path: Path) -> None:
    found = run("pope", write_split(tmp_path / "pope"), POPE_ANSWERS)
    assert list(found) == [
        "benchmark",
        "n",
        "n_missing",
        "status",
        "official_script_ok",
        "failure_reason",
        "metrics",
        "reasons",
        "counts",
    ]
    assert (found["benchmark"], found["n"], found["metrics"]["random_accuracy"]) == ("pope", 4, 100)
    assert found["metrics"]["popular_f1"] is None


def test_an_older_output_is_replaced(tmp_path: Path) -> None:
    data = write_split(tmp_path / "pope")
    run("pope", data, POPE_ANSWERS)
    assert run("pope", data, POPE_ANSWERS[:1])["n"] == 1
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["metrics.json"]


def test_every_benchmark_has_an_entry() -> None:
    """DESIGN section 3: ten ids."""
    ids = [
        "gqa",
        "hallusionbench",
        "mme",
        "mmvet",
        "pairs",
        "pope",
        "scienceqa",
        "socialcounterfactuals",
        "textvqa",
        "vqav2",
    ]
    assert registry.benchmarks() == ids
    for name in ids:
        scorer = registry.load(registry.benchmark_module(name, "score"))
        assert callable(scorer.read_answers)
        assert callable(scorer.score)
        assert isinstance(scorer.PAPER_METRIC, str)


def shell(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lvlm_compress.score", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow")}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_help_tells_a_newcomer_what_to_give() -> None:
    done = shell("--help")
    assert done.returncode == 0
    for word in ("BENCHMARK is one of", "question_id", "Example", "--grades", "needs_llm_judge"):
        assert word in done.stdout


def test_a_user_error_is_one_sentence_and_an_exit_code(tmp_path: Path) -> None:
    file = write_jsonl(tmp_path / "a.jsonl", POPE_ANSWERS)
    done = shell("pope", "--data", tmp_path / "no", "--answers", file, "--out", tmp_path / "o.json")
    assert done.returncode == 1
    assert done.stderr.startswith("error: The data folder")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "o.json").exists()


@pytest.mark.parametrize(
    ("extra", "complaint"),
    [
        (("--grades", "g.json"), "has no use for grades"),
        (("--lexicons", "d"), "has no use for lexicons"),
        (("--toxicities", "t.jsonl"), "has no use for toxicities"),
        (("--detoxify", "d"), "has no use for toxicities"),
        (("--submission", "s.json"), "has no upload file"),
    ],
)
def test_inputs_without_use_are_refused(
    tmp_path: Path, extra: tuple[str, str], complaint: str
) -> None:
    with pytest.raises(SystemExit, match=complaint):
        run("pope", write_split(tmp_path / "pope"), POPE_ANSWERS, *extra)


def test_unknown_benchmarks_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["mmbench", "--data", "d", "--answers", "a", "--out", "o"])
    assert "invalid choice: 'mmbench'" in capsys.readouterr().err


def mmvet(tmp_path: Path) -> Path:
    one = {"imagename": "a.png", "question": "?", "answer": "x", "capability": ["rec"]}
    write_json(tmp_path / "mm-vet" / "mm-vet.json", {"v1_0": one, "v1_1": one})
    return tmp_path / "mm-vet"


def test_grades_and_submission_of_mmvet(tmp_path: Path) -> None:
    grades = {f"v1_{i}": {"model": ["m"], "content": ["1"], "score": [i * 1.0]} for i in (0, 1)}
    file, upload = write_json(tmp_path / "g.json", grades), tmp_path / "up" / "results.json"
    answers = [answer(0, "x"), answer(1, "y")]
    found = run("mmvet", mmvet(tmp_path), answers, "--grades", file, "--submission", upload)
    assert (found["metrics"]["total"], found["status"]) == (50, "ok")
    assert json.loads(upload.read_text()) == {"v1_0": "x", "v1_1": "y"}


HOSTILE = [
    "\x00\x07\x1b[2J",
    "\u202eיהוה",
    "=HYPERLINK(1)",
    "<img src=x onerror=alert(1)>",
    "\ud800",
    "\u2028\u2029\x85",
    "{" * 10_000,
    "no " * 3_000_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_answers_are_text(tmp_path: Path, text: str) -> None:
    """Issue, hostile input: control characters, right-to-left, formulas, 10 MB of text."""
    lines = [*POPE_ANSWERS[:3], answer(10_000_004, text)]
    found = run("pope", write_split(tmp_path / "pope"), lines)
    assert found["n"] == 4
    assert found["metrics"]["random_accuracy"] == (100 if text.startswith("no ") else 75)


def test_toxicity_is_scored_here_only_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--detoxify: every distinct answer once, handed to the scorer as a toxicities file."""
    from lvlm_compress import score
    from lvlm_compress.toxicity import detector

    seen: list[list[str]] = []

    def score_texts(texts: list[str], folder: Path) -> list[dict[str, float]]:
        seen.append(texts)
        return [{"toxicity": 0.25} for _ in texts]

    monkeypatch.setattr(detector, "score_texts", score_texts)
    import polars as pl

    answers = pl.DataFrame({"text": ["b", "a", "b", None]})
    file = score._detoxify(answers, tmp_path / "checkpoint", tmp_path)
    assert seen == [["b", "a"]]
    assert [json.loads(line) for line in file.read_text().splitlines()] == [
        {"text": "b", "toxicity": 0.25},
        {"text": "a", "toxicity": 0.25},
    ]
