"""What a change reruns: spec/workflow.md section 2, DESIGN.md section 3."""

from __future__ import annotations

import shutil

import pytest

from tests.workflow.clone import Clone, make_clone

MINE = ("--config", "grid=mine.yaml")
REPORT = {"statistics": 1, "tabulate": 1, "draw": 1, "write_page": 1, "publish": 1}


@pytest.fixture
def clone(tmp_path) -> Clone:
    return make_clone(tmp_path)


@pytest.fixture
def done(clone) -> Clone:
    clone.touch()
    return clone


def test_a_fresh_clone_plans_every_cell(clone):
    assert clone.planned(*MINE) == {"generate": 6, "score": 6, **REPORT}


def test_everything_done_plans_nothing(done):
    assert done.planned(*MINE) == {}


def test_a_schemes_parameter_reruns_its_cells_only_and_a_revert_only_publishes(done):
    done.edit("mine.yaml", "stream_gap: 20", "stream_gap: 5")
    assert done.planned(*MINE) == {"generate": 3, "score": 3, **REPORT}
    done.touch()
    done.edit("mine.yaml", "stream_gap: 5", "stream_gap: 20")
    assert done.planned(*MINE) == {"publish": 1}


def test_a_scorers_edit_reruns_its_scores_only(done):
    score = "workflow/lvlm_compress/benchmarks/pope/score.py"
    (done.root / score).open("a").write("\nEDITED = 1\n")
    assert done.planned(*MINE) == {"score": 2, **REPORT}


def test_a_comment_reruns_nothing(done):
    for name in ("benchmarks/pope/score", "generation/run", "kv/schemes/per_token", "grid"):
        file = done.root / "workflow" / "lvlm_compress" / f"{name}.py"
        file.write_text(f"{file.read_text()}\n# A remark.\n")
    assert done.planned(*MINE) == {}


def test_a_schemes_module_reruns_its_cells_only(done):
    file = done.root / "workflow" / "lvlm_compress" / "kv" / "schemes" / "per_token.py"
    file.open("a").write("\nEDITED = 1\n")
    assert done.planned(*MINE) == {"generate": 3, "score": 3, **REPORT}


def test_a_task_reruns_its_benchmark_only(done):
    file = done.root / "workflow" / "lvlm_compress" / "benchmarks" / "pairs" / "task.py"
    file.open("a").write("\nEDITED = 1\n")
    assert done.planned(*MINE) == {"generate": 4, "score": 4, **REPORT}


def test_a_figure_reruns_the_figures_even_without_weights_and_generations(done):
    shutil.rmtree(done.root / "results" / "generations")
    shutil.rmtree(done.root / ".snakemake", ignore_errors=True)
    style = done.root / "workflow" / "lvlm_compress" / "reporting" / "figures" / "style.py"
    style.open("a").write("\nEDITED = 1\n")
    assert done.planned(*MINE) == {"draw": 1, "write_page": 1, "publish": 1}


def test_a_new_seed_runs_that_seed_only(done):
    done.edit("mine.yaml", "seeds: [0, 1]", "seeds: [0, 1, 2]")
    assert done.planned(*MINE) == {"generate": 2, "score": 2, **REPORT}


def test_a_model_file_reruns_the_model(done):
    (done.root / "model" / "manifest.json").write_text('{"files": {"content": "new"}}')
    assert done.planned(*MINE) == {"generate": 6, "score": 6, **REPORT}


@pytest.mark.parametrize(
    ("select", "jobs"),
    [
        ("select={compressions: [low]}", 3),
        ("select={benchmarks: [pope]}", 2),
        ("select={benchmarks: [pairs], seeds: [1]}", 2),
        # Greedy benchmarks have no seed, so a selection of seeds leaves them alone.
        ("select={seeds: [1]}", 4),
    ],
)
def test_a_selection_plans_its_cells_only(clone, select, jobs):
    planned = clone.planned("--config", "grid=mine.yaml", select)
    assert planned == {"generate": jobs, "score": jobs, **REPORT}


def test_a_selection_does_not_change_what_is_done(done):
    """Selection enters the report's digest, never a generation's or a score's."""
    planned = done.planned("--config", "grid=mine.yaml", "select={benchmarks: [pope]}")
    assert planned == REPORT


def test_missing_show_schedules_nothing_upstream(done):
    shutil.rmtree(done.root / "results" / "scores" / "m" / "low")
    assert done.planned("--config", "grid=mine.yaml", "missing=show") == REPORT


def test_missing_error_lists_and_stops(done):
    shutil.rmtree(done.root / "results" / "scores" / "m" / "low")
    found = done.snakemake("-n", "--config", "grid=mine.yaml", "missing=error")
    assert found.returncode != 0
    assert "m/low/pope/greedy" in found.stderr + found.stdout


@pytest.mark.parametrize(
    ("target", "jobs"),
    [
        ("generations", {"generate": 6, "generations": 1}),
        ("scores", {"generate": 6, "score": 6, "scores": 1}),
    ],
)
def test_named_targets(clone, target, jobs):
    assert clone.planned(target, *MINE) == jobs


def test_figures_alone_need_no_page(done):
    shutil.rmtree(done.root / "results" / "reports")
    assert done.planned("figures", *MINE) == {
        "statistics": 1,
        "draw": 1,
        "publish": 1,
        "figures": 1,
    }


def test_a_folder_without_manifest_is_hashed_first(clone):
    (clone.root / "data" / "pope" / "manifest.json").unlink()
    assert clone.planned(*MINE) == {"identify": 1}
