"""The judge's client against a real server that misbehaves (issue, part 4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from lvlm_compress.errors import UserError
from lvlm_compress.judging.client import Judge
from lvlm_compress.judging.spec import JudgeError, JudgeSpec, Request
from lvlm_compress.judging.store import Store, Verdict
from tests.judging.server import BODIES, KEY, serving

QUESTION = Request("is it right?", 0.0, 3)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_KEY", KEY)


def spec(url: str, **more: object) -> JudgeSpec:
    base = {"model": "judge", "base_url": url, "key_variable": "JUDGE_KEY", "backoff": 0.001}
    return JudgeSpec(**(base | {"retries": 3, "timeout": 5.0} | more))  # type: ignore[arg-type]


def test_a_request_has_the_official_parameters(tmp_path: Path) -> None:
    with serving(lambda _: "0.5") as endpoint:
        verdict = Judge(spec(endpoint.url), Store(tmp_path)).ask(QUESTION)
    assert verdict == Verdict("0.5", "judge-0613", 7)
    assert endpoint.seen == [
        {
            "model": "judge",
            "messages": [{"role": "user", "content": "is it right?"}],
            "temperature": 0.0,
            "max_tokens": 3,
        }
    ]


def test_nothing_paid_for_is_asked_twice(tmp_path: Path) -> None:
    with serving(lambda _: "1.0") as endpoint:
        judge = Judge(spec(endpoint.url), Store(tmp_path))
        judge.each(judge.ask, [QUESTION] * 20)
        Judge(spec(endpoint.url), Store(tmp_path)).ask(QUESTION)
        assert len(endpoint.seen) == 1
        judge.ask(Request(QUESTION.prompt, 0.0, 3, run=1))
        assert len(endpoint.seen) == 2


@pytest.mark.parametrize(
    "troubles",
    [["429", "429"], ["500", "503"], ["drop"], *([name] for name in BODIES)],
    ids=lambda troubles: " ".join(troubles),
)
def test_trouble_is_tried_again(tmp_path: Path, troubles: list[str]) -> None:
    with serving(lambda _: "1.0", troubles) as endpoint:
        assert Judge(spec(endpoint.url), Store(tmp_path)).ask(QUESTION).reply == "1.0"
        assert len(endpoint.seen) == len(troubles) + 1
    assert len(list(tmp_path.rglob("*.json"))) == 1


def test_a_timeout_is_tried_again(tmp_path: Path) -> None:
    with serving(lambda _: "1.0", ["slow"]) as endpoint:
        judge = Judge(spec(endpoint.url, timeout=0.3), Store(tmp_path))
        assert judge.ask(QUESTION).reply == "1.0"


@pytest.mark.parametrize(
    ("trouble", "complaint"),
    [
        ("429", "kept answering 429. Verdicts so far are kept"),
        ("500", "kept answering 500"),
        ("not json", "4 replies that are no chat completions"),
        ("drop", "can't be reached"),
    ],
)
def test_lasting_trouble_ends_with_a_sentence(tmp_path: Path, trouble: str, complaint: str) -> None:
    with serving(lambda _: "1.0", [trouble] * 40) as endpoint:
        judge = Judge(
            spec(endpoint.url, retries=3 if trouble == "not json" else 1), Store(tmp_path)
        )
        with pytest.raises(JudgeError, match=complaint):
            judge.ask(QUESTION)
    assert not list(tmp_path.rglob("*"))


@pytest.mark.parametrize("status", ["400", "401", "404"])
def test_a_refusal_is_not_tried_again_and_hides_the_key(tmp_path: Path, status: str) -> None:
    with serving(lambda _: "1.0", [status]) as endpoint:
        with pytest.raises(UserError, match=f"status {status}; check") as caught:
            Judge(spec(endpoint.url), Store(tmp_path)).ask(QUESTION)
        assert len(endpoint.seen) == 1
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_the_key_goes_to_the_endpoint_and_nowhere_else(tmp_path: Path) -> None:
    with serving(lambda _: "1.0") as endpoint:
        Judge(spec(endpoint.url), Store(tmp_path)).ask(QUESTION)
        assert endpoint.keys == {f"Bearer {KEY}"}
    written = "".join(file.read_text() for file in tmp_path.rglob("*.json"))
    assert KEY not in written
    assert KEY not in repr(spec(endpoint.url))


def test_a_missing_key_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JUDGE_KEY")
    with pytest.raises(UserError, match="variable JUDGE_KEY holds no key"):
        Judge(spec("http://127.0.0.1:9/v1"), Store(tmp_path)).ask(QUESTION)


def test_stored_verdicts_need_no_key_and_no_endpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(tmp_path).keep("judge", QUESTION, Verdict("0.1", "judge", 1))
    monkeypatch.delenv("JUDGE_KEY")
    judge = Judge(spec("http://127.0.0.1:9/v1"), Store(tmp_path))
    assert judge.ask(QUESTION).reply == "0.1"


def test_the_budget_ends_asking_and_a_rerun_goes_on(tmp_path: Path) -> None:
    asked = [Request(f"question {i}", 0.0, 3) for i in range(5)]
    with serving(lambda _: "1.0") as endpoint:
        limited = Judge(spec(endpoint.url, max_requests=3, workers=2), Store(tmp_path))
        with pytest.raises(JudgeError, match="budget of 3 requests is spent"):
            limited.each(limited.ask, asked)
        assert len(endpoint.seen) == 3
        again = Judge(spec(endpoint.url, max_requests=3), Store(tmp_path))
        assert [v.reply for v in again.each(again.ask, asked)] == ["1.0"] * 5
        assert len(endpoint.seen) == 5


def test_a_broken_verdict_file_is_named(tmp_path: Path) -> None:
    Store(tmp_path).keep("judge", QUESTION, Verdict("0.1", "judge", 1))
    file = next(tmp_path.rglob("*.json"))
    file.write_text("{")
    with pytest.raises(UserError, match=f"{file.name} is no verdict"):
        Store(tmp_path).find("judge", QUESTION)


@pytest.mark.parametrize("name", ["runs", "workers"])
def test_senseless_counts_are_refused(name: str) -> None:
    with pytest.raises(UserError, match=name):
        JudgeSpec(**{name: 0})  # type: ignore[arg-type]
