"""The table and the plot of docs/generation.md, from what benchmarks/generation.py wrote.

    python benchmarks/generation_report.py RUNS.json... [--page docs/generation.md]
        [--plot docs/generation.png]

Without `--page` the markdown is printed; with it, it takes the place of what stands between the
page's two `measured` comments.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import generation_plot
import generation_table as table

BEGIN, END = "<!-- measured -->", "<!-- /measured -->"


def markdown(files: list[dict[str, Any]]) -> str:
    rows = [table.line(row) for file in files for case in file["cases"] for row in table.rows(case)]
    parts = [made_on(files)]
    if rows:
        parts.append("\n".join([table.header(), *rows]))
    grown = [row for file in files for row in file["memory"]]
    if grown:
        lines = [f"| {r['image_tokens']} | {r['variant']} | {r['growth']:.0f} |" for r in grown]
        parts.append("\n".join(["| image tokens | variant | MB |", "|---|---|---|", *lines]))
    return "\n\n".join(parts)


def made_on(files: list[dict[str, Any]]) -> str:
    """The processors and versions that the runs name, each once."""
    processors = sorted({file["machine"]["cpu"] for file in files})
    found = {pair for file in files for own in file["versions"].values() for pair in own.items()}
    versions = ", ".join(f"{package} {version}" for package, version in sorted(found))
    return f"{' and '.join(processors)}, one thread; {versions}."


def insert(page: Path, text: str) -> None:
    """Put the text between the page's marks; SystemExit when it has none."""
    old = page.read_text()
    if BEGIN not in old or END not in old:
        raise SystemExit(f"{page} has no '{BEGIN}' and '{END}' to put the table between.")
    before, after = old.split(BEGIN)[0], old.split(END)[1]
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--page", type=Path)
    parser.add_argument("--plot", type=Path, help="a PNG")
    given = parser.parse_args()
    files = [json.loads(file.read_text()) for file in given.runs]
    if given.page:
        insert(given.page, markdown(files))
    else:
        print(markdown(files))
    if given.plot:
        generation_plot.draw([case for file in files for case in file["cases"]], given.plot)


if __name__ == "__main__":
    main()
