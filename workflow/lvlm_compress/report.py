"""Parts of the report from scores on disk: statistics, tables, figures and the page.

    python -m lvlm_compress.report statistics --inputs cells.json --out DIR
    python -m lvlm_compress.report tables     --statistics DIR --out DIR
    python -m lvlm_compress.report figures    --statistics DIR --out DIR
    python -m lvlm_compress.report page       --inputs cells.json --statistics DIR --tables DIR
                                              --figures DIR --out DIR

`cells.json` is what `lvlm_compress.reporting.cells.dump_cells` writes. No part needs torch.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lvlm_compress.errors import UserError, exit_with
from lvlm_compress.reporting.cells import ReportCell, load_cells

Options = Mapping[str, Any]


def statistics(*, cells: Sequence[ReportCell], out: Path, options: Options) -> None:
    """Write metrics; options: `resamples` (1000), `seed` (0)."""
    from lvlm_compress.reporting.statistics.run import run

    run(cells, out, int(options.get("resamples", 1000)), int(options.get("seed", 0)))


def tables(*, cells: Sequence[ReportCell], out: Path, options: Options, statistics: Path) -> None:
    """Write the paper's tables and the claims."""
    from lvlm_compress.reporting.tables.run import run

    run(statistics, out)


def figures(*, cells: Sequence[ReportCell], out: Path, options: Options, statistics: Path) -> None:
    """Draw all figures."""
    from lvlm_compress.reporting.figures.run import run

    run(statistics, out)


def page(
    *,
    cells: Sequence[ReportCell],
    out: Path,
    options: Options,
    statistics: Path,
    tables: Path,
    figures: Path,
) -> None:
    """Write `report.html`; options: `images`, a map from benchmark to its folder of pictures."""
    from lvlm_compress.reporting.page.run import Folders, run

    images = {name: Path(folder) for name, folder in dict(options.get("images", {})).items()}
    run(cells, Folders(statistics, tables, figures), out, images)


PARTS: dict[str, Callable[..., None]] = {
    "statistics": statistics,
    "tables": tables,
    "figures": figures,
    "page": page,
}
_NEEDS = {
    "tables": ["statistics"],
    "figures": ["statistics"],
    "page": ["statistics", "tables", "figures"],
}


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line; a user's error ends with its sentence and a non-zero code."""
    given = _parser().parse_args(arguments)
    try:
        cells = load_cells(given.inputs) if "inputs" in given else []
        folders = {name: getattr(given, name) for name in _NEEDS.get(given.part, [])}
        options = {name: getattr(given, name) for name in ("resamples", "seed") if name in given}
        if "images" in given:
            options["images"] = dict(given.images)
        for name, folder in folders.items():
            if not folder.is_dir():
                raise UserError(f"--{name} {folder} is no folder; make it with `report {name}`.")
        PARTS[given.part](cells=cells, out=given.out, options=options, **folders)
    except UserError as error:
        exit_with(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lvlm_compress.report",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parts = parser.add_subparsers(dest="part", required=True)
    for name, write in PARTS.items():
        part = parts.add_parser(name, help=write.__doc__)
        part.add_argument("--out", type=Path, required=True, help="folder to write into")
        for folder in _NEEDS.get(name, []):
            part.add_argument(f"--{folder}", type=Path, required=True, help=f"folder of {folder}")
        if name in ("statistics", "page"):
            part.add_argument("--inputs", type=Path, required=True, help="cells.json")
        if name == "statistics":
            part.add_argument("--resamples", type=int, default=1000, help="bootstrap resamples")
            part.add_argument("--seed", type=int, default=0, help="seed of the bootstrap")
        if name == "page":
            part.add_argument(
                "--images",
                type=_image_folder,
                action="append",
                default=[],
                metavar="BENCHMARK=DIR",
                help="pictures for thumbnails",
            )
    return parser


def _image_folder(text: str) -> tuple[str, str]:
    name, equals, folder = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"'{text}' is not BENCHMARK=DIR")
    return name, folder


if __name__ == "__main__":
    main()
