"""Figures: every promised file, the same bytes each time, a note where the grid has nothing."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from lvlm_compress.reporting import outputs, schemes
from lvlm_compress.reporting.figures import figure5, figure6, flips, heatmap, memory, style
from lvlm_compress.reporting.figures.run import FAMILIES, run
from lvlm_compress.reporting.figures.style import look
from lvlm_compress.reporting.statistics.run import metrics
from tests.reporting.artifacts import write_cell

FAMILY_NAMES = ["uniform", "or2", "cN", "c128", "t128", "kcN-vt128", "kc128-vt128", "fp16"]


def _words(figure: Figure) -> str:
    axes = [text.get_text() for axes in figure.axes for text in (axes.title, axes.xaxis.label)]
    return " ".join([text.get_text() for text in figure.texts] + axes)


@pytest.mark.slow
def test_every_promised_file_is_drawn_and_the_bytes_are_the_same(
    statistics: Path, tmp_path: Path
) -> None:
    run(statistics, tmp_path / "one")
    assert sorted(p.name for p in (tmp_path / "one").iterdir()) == sorted(outputs.figures())
    run(statistics, tmp_path / "two")
    for name in outputs.figures():
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), (
            name
        )


def test_an_empty_grid_gives_notes_and_no_failure(tmp_path: Path) -> None:
    frame = metrics([write_cell(tmp_path, scores=None)], 50)
    for family in FAMILIES:
        for name, figure in family.figures(frame).items():
            assert name in outputs.FIGURES
            assert "grid" in _words(figure)


def test_schemes_look_different_even_in_grey() -> None:
    """Colour alone is not enough: each scheme has its own marker, and no two colours are one."""
    looks = [
        look(schemes.parse("fp16", name if name == "fp16" else f"kv2-{name}"))
        for name in FAMILY_NAMES
    ]
    assert len({one.marker for one in looks}) == len(looks)
    colors = [to_rgb(one.color) for one in looks]
    apart = [
        max(abs(a - b) for a, b in zip(one, two, strict=True))
        for at, one in enumerate(colors)
        for two in colors[:at]
    ]
    assert min(apart) > 0.15


def test_an_unknown_scheme_always_looks_the_same() -> None:
    assert look(schemes.parse("fp16", "kv2-new")) == look(schemes.parse("w4-awq", "kv4-new"))


def test_below_four_bit_markers_are_hollow() -> None:
    assert style.fill(schemes.parse("fp16", "kv2-t128")) == "white"
    assert style.fill(schemes.parse("fp16", "kv4-t128")) != "white"


def test_a_model_that_does_not_answer_is_grey(tmp_path: Path) -> None:
    """Figure 2: an association of zero from a collapsed model must not look like fairness."""
    from lvlm_compress.reporting.figures import figure2

    def cell(kv: str, valid: float) -> object:
        values = {"gender_occupation_difference": 0.1, "valid_rate": valid}
        terms = pl.DataFrame(
            [(m, "", 1.0, f"c{n}", v, 1.0) for m, v in values.items() for n in range(3)],
            schema=["metric", "term", "scale", "cluster", "num", "den"],
            orient="row",
        )
        options = {"benchmark": "pairs", "terms": terms, "body": {"metrics": values}, "kv": kv}
        return write_cell(tmp_path, scores=[1.0, 0.0, 1.0], **options)  # type: ignore[arg-type]

    cells = [cell("fp16", 99.0), cell("kv4-t128", 98.0), cell("kv2-uniform", 3.0)]
    figure = figure2.figures(metrics(cells, 50))["figure2"]  # type: ignore[arg-type]
    marks = {
        line.get_marker(): line.get_color()
        for line in figure.axes[0].lines
        if len(line.get_xdata()) == 1
    }
    assert marks["X"] == style.GREY
    assert marks["P"] != style.GREY


def test_figure_5_and_6_name_what_stands_in_for_mm_vet(tmp_path: Path) -> None:
    kvs = ["fp16", "k3v2-t128", "k2v3-t128", "kv2-kc32-vt128", "kv2-kc64-vt128"]
    cells = [write_cell(tmp_path, scores=[1.0, 0.0], kv=kv) for kv in kvs]
    frame = metrics(cells, 50)
    figure = figure5.figures(frame)["figure5a"]
    assert "MM-Vet lacks a judge" in figure.axes[0].get_ylabel()
    assert len(figure6.figures(frame)["figure6a"].axes) == 1


def test_a_dot_in_the_heat_map_means_significant(tmp_path: Path) -> None:
    cells = [write_cell(tmp_path, scores=[1.0] * 40)]
    cells.append(write_cell(tmp_path, scores=[0.0] * 40, kv="kv2-uniform"))
    cells.append(write_cell(tmp_path, scores=[1.0] * 39 + [0.0], kv="kv4-t128"))
    axes = heatmap.figures(metrics(cells, 100))["heatmap"].axes[0]
    assert sorted(text.get_text() for text in axes.texts) == ["-100.0•", "-2.5"]


def test_pareto_front_keeps_what_nothing_beats(tmp_path: Path) -> None:
    def cell(kv: str, right: int, size: float) -> object:
        facts = {"kv_bytes_per_prompt": size, "weight_bytes": 1000.0}
        body = {"generation": {"facts": facts}}
        scores = [1.0] * right + [0.0] * (10 - right)
        return write_cell(tmp_path, scores=scores, kv=kv, body=body)

    cells = [cell("fp16", 9, 1600), cell("kv4-t128", 5, 500), cell("kv4-cN", 8, 400)]
    figure = memory.figures(metrics(cells, 50))["pareto"]  # type: ignore[arg-type]
    front = next(line for line in figure.axes[0].lines if len(line.get_xdata()) > 1)
    assert list(front.get_ydata()) == [80.0, 90.0]


def test_flips_are_shares_of_the_answers_compared(tmp_path: Path) -> None:
    cells = [write_cell(tmp_path, scores=[1.0, 1.0, 0.0, 0.0])]
    cells.append(write_cell(tmp_path, scores=[0.0, 1.0, 1.0, 0.0], kv="kv2-t128"))
    axes = flips.figures(metrics(cells, 50))["flips_accuracy"].axes[0]
    point = next(line for line in axes.lines if line.get_marker() == "P")
    assert (point.get_xdata()[0], point.get_ydata()[0]) == (0.0, 50.0)


def test_quantized_weights_do_not_look_like_the_baseline() -> None:
    looks = {look(schemes.parse(weights, "fp16")) for weights in ("fp16", "w4-awq", "w4-rtn")}
    assert len(looks) == 3
