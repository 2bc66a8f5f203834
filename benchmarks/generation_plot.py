"""How many times as fast as transformers at batch 1, over the questions asked of each picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import generation_table as table
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from peers.kinds import NAMES

from lvlm_compress.reporting.figures import style
from lvlm_compress.reporting.schemes import parse

DPI = 160
PEERS = {
    "transformers batch 1": (style.GREY, "o", "--"),
    "transformers batch 8": (style.GREY, "s", "--"),
    "transformers batch 16": (style.GREY, "^", "--"),
    "transformers QuantizedCache quanto": ("#a6761d", "8", ":"),
    "transformers QuantizedCache hqq": ("#66a61e", ">", ":"),
    "lmms-eval llava_hf": ("#c51b7d", "s", "--"),
}


def draw(cases: list[dict[str, Any]], out: Path) -> None:
    """One panel for each number of image tokens and of new tokens; one line a variant."""
    rows = [row for case in cases for row in table.rows(case) if "not measured" not in row]
    panels = sorted({(row["image tokens"], row["new tokens"]) for row in rows})
    with rc_context(style.RC):
        height = 2.7 * -(-len(panels) // 3) + 1.1
        figure = Figure(figsize=(style.WIDTH, height), layout="constrained")
        columns = min(len(panels), 3)
        axes = figure.subplots(-(-len(panels) // 3), columns, squeeze=False).flat
        for axis, panel in zip(axes, panels, strict=False):
            fill(axis, [r for r in rows if (r["image tokens"], r["new tokens"]) == panel])
            axis.set_title(f"{panel[0]} image tokens, {panel[1]} new")
        for axis in list(axes)[len(panels) :]:
            axis.set_visible(False)
        lines = {line.get_label(): line for axis in figure.axes for line in axis.get_lines()}
        names = [name for name in NAMES if name in lines]
        figure.legend([lines[n] for n in names], names, loc="outside lower center", ncols=3)
        figure.savefig(out, dpi=DPI, metadata={"Software": None})


def fill(axis: Axes, rows: list[dict[str, Any]]) -> None:
    asked = sorted({row["questions/image"] for row in rows})
    for name in NAMES:
        own = {row["questions/image"]: row["x batch 1"] for row in rows if row["variant"] == name}
        places = [place for place, count in enumerate(asked) if count in own]
        color, marker, dashes = look(name)
        axis.plot(
            places,
            [own[asked[place]] for place in places],
            color=color,
            marker=marker,
            linestyle=dashes,
            markersize=style.size(marker),
            label=name if own else None,
        )
    axis.set_xticks(range(len(asked)), [str(count) for count in asked])
    axis.set_xlabel("questions about a picture")
    axis.set_ylabel("times as fast as batch 1")
    axis.set_ylim(bottom=0)


def look(name: str) -> tuple[str, str, str]:
    """Colour, marker and line of a variant; a scheme of ours looks as in every figure."""
    if name in PEERS:
        return PEERS[name]
    scheme = style.look(parse("fp16", name.removeprefix("ours ")))
    return scheme.color, scheme.marker, "-"
