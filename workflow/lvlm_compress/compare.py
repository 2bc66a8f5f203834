"""Two results folders side by side: which cells differ, by how much, significantly or not.

    python -m lvlm_compress.compare A B [--out FILE] [--all]

For people who changed a library, a driver or a GPU: A and B are results folders with
`tables/metrics.csv`; where they hold the scores too, differences are tested example by example. The
exit code is 0 if nothing differs significantly, 1 otherwise.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from lvlm_compress.errors import UserError, exit_with
from lvlm_compress.reporting.comparison import SIGNIFICANT, compare, summary
from lvlm_compress.reporting.paired import paired

PLACES = ("metrics.csv", "tables/metrics.csv", "statistics/metrics.csv")


def read(folder: Path) -> pl.DataFrame:
    """The metrics of a results folder; a folder without them is a UserError."""
    for place in PLACES:
        if (folder / place).is_file():
            return pl.read_csv(folder / place, infer_schema_length=None)
    raise UserError(f"{folder} holds none of {', '.join(PLACES)}; give a results folder.")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m lvlm_compress.compare",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("a", type=Path, metavar="A")
    parser.add_argument("b", type=Path, metavar="B")
    parser.add_argument("--out", type=Path, help="write all rows as CSV")
    parser.add_argument("--all", action="store_true", help="list equal rows too")
    given = parser.parse_args(arguments)
    try:
        a, b = read(given.a), read(given.b)
        found = compare(a, b, paired(a, b, (given.a, given.b)))
    except UserError as error:
        exit_with(error)
    if given.out is not None:
        found.write_csv(given.out)
    sys.stdout.write(summary(found, every=given.all))
    raise SystemExit(1 if (found["verdict"] == SIGNIFICANT).any() else 0)


if __name__ == "__main__":
    main()
