"""Two results folders: what differs, by how much, and whether it is more than noise."""

from __future__ import annotations

from pathlib import Path

import pytest

from lvlm_compress import compare
from lvlm_compress.reporting.statistics.run import run
from tests.reporting.artifacts import write_cell

RIGHT = [1.0] * 60 + [0.0] * 40


def _folder(root: Path, kv2: list[float] | None, *, keep: bool = True) -> Path:
    """A results folder: the metrics, and the scores if `keep`."""
    scores = root / "scores" if keep else root.with_name(root.name + "-away")
    cells = [write_cell(scores, scores=RIGHT), write_cell(scores, scores=kv2, kv="kv2-t128")]
    run(cells, root / "tables", 300)
    return root


def _compare(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        compare.main([str(argument) for argument in arguments])
    return int(str(ended.value.code)), capsys.readouterr().out


def test_equal_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = [_folder(tmp_path / name, RIGHT) for name in "ab"]
    assert _compare(capsys, *folders) == (0, "     2  same\n")


def test_a_real_difference_is_significant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = _folder(tmp_path / "a", RIGHT), _folder(tmp_path / "b", [0.0] * 100)
    code, out = _compare(capsys, a, b)
    assert code == 1
    assert "significant: m kv2-t128 gqa accuracy: 60 -> 0" in out


def test_one_answer_is_noise(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = _folder(tmp_path / "a", RIGHT), _folder(tmp_path / "b", [1.0] * 59 + [0.0] * 41)
    code, out = _compare(capsys, a, b)
    assert code == 0
    assert "within noise: m kv2-t128 gqa accuracy: 60 -> 59" in out


def test_with_the_scores_the_test_is_paired_and_sees_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ten of 100 answers lost and none won: clear in pairs, noise between two intervals."""
    lost = [1.0] * 50 + [0.0] * 50
    paired = [_folder(tmp_path / "p" / n, s) for n, s in (("a", RIGHT), ("b", lost))]
    assert _compare(capsys, *paired)[0] == 1
    alone = [_folder(tmp_path / "s" / n, s, keep=False) for n, s in (("a", RIGHT), ("b", lost))]
    assert _compare(capsys, *alone)[0] == 0


def test_missing_cells_and_states_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = _folder(tmp_path / "a", RIGHT), _folder(tmp_path / "b", None)
    assert "another state: m kv2-t128 gqa accuracy: 60 -> none" in _compare(capsys, a, b)[1]


def test_all_rows_can_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = [_folder(tmp_path / name, RIGHT) for name in "ab"]
    _compare(capsys, *folders, "--out", tmp_path / "rows.csv", "--all")
    lines = (tmp_path / "rows.csv").read_text().splitlines()
    assert lines[0].startswith("model,compression,benchmark,metric,value_a,value_b,difference")
    assert len(lines) == 3


def test_a_folder_without_metrics_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="give a results folder"):
        compare.main([str(tmp_path), str(tmp_path)])
