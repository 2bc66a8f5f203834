"""Stage: hash a folder of weights or data once, so that cells can be addressed by its content."""

from __future__ import annotations

import argparse
from pathlib import Path

from lvlm_compress.identity import Folder, identify


def main() -> None:
    """`python -m lvlm_compress.stages.identify KIND NAME FOLDER IDENTITY`."""
    parser = argparse.ArgumentParser(prog="python -m lvlm_compress.stages.identify")
    parser.add_argument("kind")
    parser.add_argument("name")
    parser.add_argument("folder", type=Path)
    parser.add_argument("identity", type=Path)
    arguments = parser.parse_args()
    identify(Folder(arguments.kind, arguments.name, arguments.folder, arguments.identity))


if __name__ == "__main__":
    main()
