"""The report's command line, end to end on a simulated grid, without torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lvlm_compress import report
from lvlm_compress.errors import UserError
from lvlm_compress.reporting import outputs
from lvlm_compress.reporting.cells import ReportCell, dump_cells, load_cells
from tests.reporting.artifacts import write_cell

# In the environment of envs/report.yaml none of these exists.
BLOCKED = ("torch", "transformers", "pyarrow", "pandas", "statsmodels", "awq", "detoxify")
RUN = """
import sys


class Blocked:
    def find_spec(self, name, *_):
        if name.partition(".")[0] in {blocked}:
            raise ModuleNotFoundError(name)


sys.meta_path.insert(0, Blocked())
from lvlm_compress.report import main
main(sys.argv[1:])
"""


def _python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code beside the package, as in a clone that is not installed."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(report.__file__).parents[1],
    )


def _cells(folder: Path) -> list[ReportCell]:
    answers = {"fp16": [1.0, 1.0, 0.0], "kv2-t128": [1.0, 0.0, 0.0]}
    return [write_cell(folder, scores=scores, kv=kv) for kv, scores in answers.items()]


def test_cells_come_back_as_they_were(tmp_path: Path) -> None:
    cells = [*_cells(tmp_path), write_cell(tmp_path, scores=None, kv="kv4-t128")]
    dump_cells(cells, tmp_path / "cells.json")
    assert load_cells(tmp_path / "cells.json") == cells


@pytest.mark.parametrize("text", ["", "{}", '[{"model": "m"}]', "[1]"])
def test_what_is_no_list_of_cells_is_a_user_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "cells.json").write_text(text)
    with pytest.raises(UserError, match=r"cells\.json"):
        load_cells(tmp_path / "cells.json")


def test_a_missing_folder_ends_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="make it with `report statistics`"):
        report.main(["tables", "--statistics", str(tmp_path / "no"), "--out", str(tmp_path)])
    assert capsys.readouterr().out == ""


def test_a_damaged_score_is_named(tmp_path: Path) -> None:
    cells = _cells(tmp_path)
    dump_cells(cells, tmp_path / "cells.json")
    assert cells[0].score is not None
    cells[0].score.write_text(cells[0].score.read_text().replace("66.6", "67.6"))
    with pytest.raises(SystemExit, match=r"fp16-gqa-None\.json"):
        report.main(
            ["statistics", "--inputs", str(tmp_path / "cells.json"), "--out", str(tmp_path)]
        )


@pytest.mark.slow
def test_all_parts_in_an_environment_without_torch(tmp_path: Path) -> None:
    dump_cells(_cells(tmp_path), tmp_path / "cells.json")
    inputs = ["--inputs", str(tmp_path / "cells.json"), "--resamples", "100"]
    earlier: list[str] = []
    wanted = {
        "statistics": outputs.statistics,
        "tables": outputs.tables,
        "figures": outputs.figures,
        "page": outputs.page,
    }
    for part, files in wanted.items():
        given = {"statistics": inputs, "page": [*inputs[:2], *earlier]}.get(part, earlier[:2])
        command = [part, *given, "--out", str(tmp_path / part)]
        code = RUN.format(blocked=BLOCKED)
        done = _python(code, *command)
        assert done.returncode == 0, done.stderr
        assert sorted(path.name for path in (tmp_path / part).iterdir()) == sorted(files())
        earlier += [f"--{part}", str(tmp_path / part)]


def test_planning_the_outputs_imports_nothing_heavy() -> None:
    code = (
        "import sys, lvlm_compress.reporting.outputs as o; o.figures(); o.data_files('page');"
        "print(sorted({'matplotlib', 'polars', 'numpy', 'scipy', 'jinja2'} & set(sys.modules)))"
    )
    done = _python(code)
    assert done.stdout.strip() == "[]"


def test_every_figure_and_table_has_a_caption_for_the_snakemake_report() -> None:
    from lvlm_compress.reporting.page.figures import CAPTIONS

    for name in (*outputs.FIGURES, *outputs.TABLES, "metrics", "report"):
        assert (CAPTIONS / f"{name}.rst").read_text(encoding="utf-8").strip()


def test_each_part_names_the_data_files_it_reads() -> None:
    for part in report.PARTS:
        files = outputs.data_files(part)
        assert all(file.is_file() for file in files)
        assert "metrics.yaml" in {file.name for file in files}
    assert "claims.yaml" not in {file.name for file in outputs.data_files("figures")}
