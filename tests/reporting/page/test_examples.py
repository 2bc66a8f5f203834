"""Which answers the page shows: flips first, a cap, seeds apart."""

from __future__ import annotations

from pathlib import Path

from lvlm_compress.reporting.page.examples import LONGEST, Example, examples, per_cell
from lvlm_compress.reporting.statistics.load import load_score
from lvlm_compress.reporting.statistics.pool import pools
from tests.reporting.artifacts import write_cell


def _examples(folder: Path, before: list[str], after: list[str], cap: int = 8) -> list[Example]:
    cells = []
    for kv, answers in (("fp16", before), ("kv2-t128", after)):
        scores = [float(answer.startswith("right")) for answer in answers]
        rows = {"prompt": ["What?"] * len(answers), "image": ["a.png"] * len(answers)}
        cells.append(write_cell(folder, scores=scores, answers=answers, kv=kv, rows=rows))
    ((_, _, found),) = pools(load_score(cell) for cell in cells)
    return {pool.cell.kv: chosen for pool, chosen in examples(found, cap)}["kv2-t128"]


def test_right_to_wrong_comes_first(tmp_path: Path) -> None:
    found = _examples(tmp_path, ["same", "w1", "w", "right"], ["same", "w2", "right", "w"])
    kinds = [example.kind for example in found]
    assert kinds == ["right to wrong", "wrong to right", "answer changed", "same answer"]
    assert (found[0].before, found[0].after, found[0].prompt) == ("right", "w", "What?")


def test_no_more_than_the_cap_and_long_text_is_cut(tmp_path: Path) -> None:
    found = _examples(tmp_path, ["a"] * 5, ["b" * 10_000] * 5, cap=2)
    assert len(found) == 2
    assert len(found[0].after) < LONGEST + 10


def test_large_grids_show_fewer_examples_a_cell() -> None:
    assert per_cell(100) == 8
    assert per_cell(2000) == 2
    assert per_cell(100_000) == 1


def test_a_score_without_prompts_still_has_answers(tmp_path: Path) -> None:
    cells = [write_cell(tmp_path, scores=[1.0], kv=kv) for kv in ("fp16", "kv2-t128")]
    ((_, _, found),) = pools(load_score(cell) for cell in cells)
    (_, first), (_, second) = examples(found, 3)
    assert first[0].prompt is None
    assert second[0].kind == "same answer"
