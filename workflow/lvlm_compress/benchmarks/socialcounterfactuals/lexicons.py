"""The word lists that responses are compared with.

Source: spec/benchmarks.md section 12. `competency_words.txt` has one word a line.
`stereotype_words.json` maps groups to words; a list that this project built is
`{"built_from_half": 0 or 1, "groups": {...}}` and is applied to the other half of the sets only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lvlm_compress.benchmarks.files import as_object, find_any, read_json, read_text
from lvlm_compress.benchmarks.socialcounterfactuals.groups import GROUPS, canonical
from lvlm_compress.errors import UserError

COMPETENCE_FILE = "competency_words.txt"
STEREOTYPE_FILE = "stereotype_words.json"
HALF = "built_from_half"


@dataclass(frozen=True)
class Stereotypes:
    """Words of each group, and the half of the sets they were found in (None: elsewhere)."""

    words: Mapping[str, tuple[str, ...]]
    built_from_half: int | None


def competence(folders: list[Path]) -> list[str] | None:
    """The competence words of the first folder that has them."""
    file = _first(folders, COMPETENCE_FILE)
    if file is None:
        return None
    return sorted({line.strip().lower() for line in read_text(file).splitlines()} - {""})


def stereotypes(folders: list[Path]) -> Stereotypes | None:
    """The stereotype words of the first folder that has them.

    Raises:
        UserError: an unknown group, or a value that is no list of words.
    """
    file = _first(folders, STEREOTYPE_FILE)
    if file is None:
        return None
    content = as_object(read_json(file), str(file))
    half = content.get(HALF)
    if half not in (None, 0, 1):
        raise UserError(f"{file}: '{HALF}' is {half!r}; it must be 0 or 1.")
    groups = as_object(content["groups"], f"{file}, 'groups'") if "groups" in content else content
    words: dict[str, tuple[str, ...]] = {}
    for name, listed in groups.items():
        group = _group(name, file)
        words[group] = (*words.get(group, ()), *_words(listed, name, file))
    return Stereotypes(words, half)


def _first(folders: list[Path], name: str) -> Path | None:
    return next((file for folder in folders if (file := find_any(folder, name)) is not None), None)


def _group(name: str, file: Path) -> str:
    group = canonical(name)
    if group is None:
        raise UserError(f"{file}: unknown group '{name}'; known are {', '.join(GROUPS)}.")
    return group


def _words(listed: Any, name: str, file: Path) -> list[str]:
    if not isinstance(listed, list) or not all(isinstance(word, str) for word in listed):
        raise UserError(f"{file}: group '{name}' must have a list of words.")
    return [word.strip().lower() for word in listed if word.strip()]
