"""Stage: a cell that a sweep has answered, or the reason why it has not.

python -m lvlm_compress.stages.collect ARTIFACT [MARKER]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def main() -> None:
    """Exit with 0 if the artifact is there."""
    parser = argparse.ArgumentParser(prog="python -m lvlm_compress.stages.collect")
    parser.add_argument("artifact", type=Path)
    parser.add_argument("marker", type=Path, nargs="?", help="what the sweep wrote")
    arguments = parser.parse_args()
    if not arguments.artifact.exists():
        raise SystemExit(f"error: {reason(arguments.artifact, arguments.marker)}")


def reason(artifact: Path, marker: Path | None) -> str:
    """Why an artifact is not there."""
    told = {} if marker is None else json.loads(marker.read_text(encoding="utf-8"))
    return told.get(artifact.stem) or f"{artifact} was there when the run began; start it again."


if __name__ == "__main__":
    main()
