"""``python -m lvlm_compress.embedded.data BENCHMARK --out DIR``: one embedded benchmark on disk."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from lvlm_compress.errors import UserError, exit_with

_PACKAGE = "lvlm_compress.embedded.benchmarks"
ITEMS = {
    "mmvet": 60,
    "textvqa": 60,
    "gqa": 60,
    "mme": 120,
    "scienceqa": 60,
    "vqav2": 60,
    "pope": 60,
    "hallusionbench": 60,
    "pairs": 9,
    "socialcounterfactuals": 6,
}
"""Items that fit the embedded grid. MME and HallusionBench: questions, rounded to whole tasks and
sets; POPE: questions at most in each of three splits; PAIRS: scenarios of four pictures;
SocialCounterfactuals: sets of ten pictures; the others: questions."""


def build(benchmark: str, out: Path, items: int, seed: int) -> None:
    """Write ``benchmark`` in its real on-disk layout into ``out`` (the benchmark's own folder).

    Raises:
        UserError: an unknown benchmark or a number of items below one.
    """
    if benchmark not in ITEMS:
        raise UserError(
            f"There is no embedded benchmark '{benchmark}'; choose one of {', '.join(ITEMS)}."
        )
    if items < 1:
        raise UserError(f"--items is {items}; an embedded benchmark has at least one item.")
    out.mkdir(parents=True, exist_ok=True)
    importlib.import_module(f"{_PACKAGE}.{benchmark}").build(out, items, seed)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("benchmark")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--items", type=int)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    items = arguments.items if arguments.items is not None else ITEMS.get(arguments.benchmark, 1)
    try:
        build(arguments.benchmark, arguments.out, items, arguments.seed)
    except UserError as error:
        exit_with(error)


if __name__ == "__main__":
    main()
