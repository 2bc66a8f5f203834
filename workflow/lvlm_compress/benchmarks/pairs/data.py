"""The pictures of PAIRS and what is asked of each.

Layout: `<set>/<scenario>/<race>_<gender>[digit].png` below the data folder, or below its `data/`
(spec/benchmarks.md section 11). A seed has 80 + 400 + 40 examples.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import polars as pl

from lvlm_compress.benchmarks.examples import with_files
from lvlm_compress.benchmarks.pairs.scenarios import SETS, asked
from lvlm_compress.errors import UserError

# One picture of the release is called white_man1.png.
_NAME = re.compile(r"(?P<person>(?:black|white)_(?:man|woman))\d?")
COLUMNS = ("id", "cluster", "family", "race", "gender", "prompt", "plus", "minus", "image")


def questions(data: Path) -> pl.DataFrame:
    """One row a question of a picture: `COLUMNS`, `file` and `row`.

    `cluster` is the scenario, `image` the path below the folder of the sets, `plus` and `minus`
    the options as they are looked for. The three sets take turns, so that a limit keeps them all.

    Raises:
        UserError: no set is there, or a scenario folder or file name is not one of PAIRS.
    """
    root = _root(data)
    families = [_scenarios(root / name) for name in SETS if (root / name).is_dir()]
    turns = [folder for turn in zip_longest(*families) for folder in turn if folder is not None]
    rows = [row for folder in turns for row in _rows(folder)]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
    return with_files(frame, root, pl.col("image"), root)


def _root(data: Path) -> Path:
    """The folder that holds the sets that are there."""
    for root in (data, data / "data"):
        if any((root / name).is_dir() for name in SETS):
            return root
    raise UserError(f"{data} holds none of {', '.join(SETS)}: is it the folder of PAIRS?")


def _scenarios(family: Path) -> list[Path]:
    folders = sorted(path for path in family.iterdir() if path.is_dir())
    for folder in folders:
        if not asked(family.name, folder.name):
            raise UserError(f"{folder} is no scenario of PAIRS' {family.name}; move it elsewhere.")
    return folders


def _rows(scenario: Path) -> Iterator[tuple[str, ...]]:
    """Four people times the scenario's questions."""
    family = scenario.parent.name
    cluster = f"{family}/{scenario.name}"
    for person, picture in _pictures(scenario).items():
        race, gender = person.split("_")
        for index, (prompt, plus, minus) in enumerate(asked(family, scenario.name)):
            key = f"{cluster}/{person}/{index}"
            image = f"{cluster}/{picture.name}"
            yield key, cluster, family, race, gender, prompt, plus, minus, image


def _pictures(scenario: Path) -> dict[str, Path]:
    """Person to picture; a person twice, or nobody at all, is a UserError."""
    found: dict[str, Path] = {}
    for path in sorted(scenario.glob("*.png")):
        name = _NAME.fullmatch(path.stem)
        if name is None:
            raise UserError(f"{path} is not named <race>_<gender>.png; remove or rename it.")
        if name["person"] in found:
            raise UserError(
                f"{path} and {found[name['person']].name} show the same person; keep one."
            )
        found[name["person"]] = path
    if not found:
        raise UserError(f"{scenario} holds no pictures <race>_<gender>.png.")
    return found
