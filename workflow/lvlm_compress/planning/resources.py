"""Small data files that determine what a stage makes."""

from __future__ import annotations

from pathlib import Path

from lvlm_compress.artifacts import file_sha256
from lvlm_compress.settings import ROOT

SHIPPED_PROMPTS = ROOT / "workflow" / "resources" / "judging"


def prompt_files(folder: Path | None) -> dict[str, str]:
    """The judge's templates by name, a user's folder over the shipped ones."""
    folders = [SHIPPED_PROMPTS] if folder is None else [SHIPPED_PROMPTS, folder]
    return {
        file.name: file_sha256(file)
        for base in folders
        for file in sorted(base.iterdir())
        if file.is_file()
    }
