"""Stage: a cell that a sweep has answered, or the reason why it has not.

python -m lvlm_compress.stages.collect ARTIFACT MARKER
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def main() -> None:
    """Exit with 0 if the artifact is there."""
    parser = argparse.ArgumentParser(prog="python -m lvlm_compress.stages.collect")
    parser.add_argument("artifact", type=Path)
    parser.add_argument("marker", type=Path, help="what the sweep wrote")
    arguments = parser.parse_args()
    if not arguments.artifact.exists():
        reason = json.loads(arguments.marker.read_text(encoding="utf-8"))[arguments.artifact.stem]
        raise SystemExit(f"error: {reason or 'the sweep wrote it, but it is gone; start again.'}")


if __name__ == "__main__":
    main()
