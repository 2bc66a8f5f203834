"""Stage: bring a model or data set of the hub at its pinned revision; the only one with a network.

    python -m lvlm_compress.stages.download model ORG/NAME REVISION MARKER
    python -m lvlm_compress.stages.download dataset ORG/NAME REVISION MARKER --folder DIR

Models go into the hub cache, where loading finds them; data sets into a folder of `data_dir`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from lvlm_compress.artifacts import write_text
from lvlm_compress.errors import UserError, exit_with

# Weights are taken as safetensors only, and nothing that a loader could execute.
UNWANTED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.msgpack", "*.h5", "*.py", "*.gguf")


def download(kind: str, repository: str, revision: str, folder: Path | None) -> Path:
    """Bring one repository; what is there already is not brought again.

    Raises:
        UserError: the hub can't be reached, or does not have it.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        found = snapshot_download(
            repository,
            revision=revision,
            repo_type=kind,
            local_dir=folder,
            ignore_patterns=list(UNWANTED) if kind == "model" else ["*.py"],
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise UserError(
            f"{kind} {repository} at {revision} can't be brought: {error}. Check the network, the "
            "revision, and for gated repositories `hf auth login`."
        ) from error
    return Path(found)


def main() -> None:
    """Bring a repository and leave a marker that says where it is."""
    parser = argparse.ArgumentParser(prog="python -m lvlm_compress.stages.download")
    parser.add_argument("kind", choices=["model", "dataset"])
    parser.add_argument("repository")
    parser.add_argument("revision")
    parser.add_argument("marker", type=Path)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    try:
        found = download(given.kind, given.repository, given.revision, given.folder)
    except UserError as error:
        exit_with(error)
    write_text(given.marker, f"{found}\n")


if __name__ == "__main__":
    main()
