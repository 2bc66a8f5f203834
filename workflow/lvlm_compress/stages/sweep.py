"""Stage: answer many cells of one model and weights in one process.

    python -m lvlm_compress.stages.sweep SWEEP MARKER --plan FILE

SWEEP names the cells; MARKER gets how each went. A cell that fails does not fail the sweep: its own
job (`stages.collect`) does, with the reason from the marker.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path

from lvlm_compress.artifacts import write_text
from lvlm_compress.errors import UserError, exit_with
from lvlm_compress.generate import outcomes
from lvlm_compress.stages.job import find_jobs


def main() -> None:
    """Answer what is missing of a sweep's cells."""
    parser = argparse.ArgumentParser(prog="python -m lvlm_compress.stages.sweep")
    parser.add_argument("sweep", type=Path, help="what the workflow wrote")
    parser.add_argument("marker", type=Path)
    parser.add_argument("--plan", type=Path, required=True)
    arguments = parser.parse_args()
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO, stream=sys.stderr)
    try:
        arguments.cells = json.loads(arguments.sweep.read_text(encoding="utf-8"))["cells"]
        jobs = find_jobs(arguments, ("generation",))
        found = dict.fromkeys(arguments.cells) | outcomes([j for j in jobs if not j.path.exists()])
        write_text(arguments.marker, json.dumps(found, indent=1))
    except UserError as error:
        exit_with(error)


if __name__ == "__main__":
    main()
