"""Reading data files so that every complaint names the file, the line and the field."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from lvlm_compress.errors import UserError


def find(folder: Path, *candidates: str) -> Path:
    """First of `candidates` that exists below `folder`; a UserError names all that were tried."""
    found = find_any(folder, *candidates)
    if found is None:
        raise UserError(f"{folder} holds none of {', '.join(candidates)}: is it the right folder?")
    return found


def find_any(folder: Path, *candidates: str) -> Path | None:
    """First of `candidates` that exists below `folder`, None without any."""
    if not folder.is_dir():
        raise UserError(f"The data folder {folder} does not exist or is not a folder.")
    return next((folder / name for name in candidates if (folder / name).exists()), None)


def read_text(path: Path) -> str:
    """Text of a UTF-8 file (a byte order mark is dropped), line ends as newlines."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"{path} does not exist.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} can't be read as UTF-8 text: {error}.") from None


def read_json(path: Path, *, unique_keys: bool = False) -> Any:
    """One JSON document; with `unique_keys` an object that names a key twice is an error."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) < len(items):
            names = [name for name, _ in items]
            twice = next(name for name in names if names.count(name) > 1)
            raise UserError(f"{path} has the key '{twice}' twice in one object.")
        return found

    return parse_json(read_text(path), str(path), pairs if unique_keys else None)


def parse_json(text: str, where: str, pairs: Any = None) -> Any:
    """`json.loads` whose failures (also nesting bombs and endless numbers) are UserErrors."""
    try:
        return json.loads(text, object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        spot = f"line {error.lineno}, column {error.colno}"
        raise UserError(f"{where} is not valid JSON ({spot}): {error.msg}.") from None
    except (RecursionError, ValueError) as error:
        raise UserError(f"{where} can't be read as JSON: {error}.") from None


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered non-empty lines, ended by a newline only (JSON text may hold U+2028)."""
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            yield number, line


def read_jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Numbered objects of a JSON lines file."""
    for number, line in lines(path):
        yield (
            number,
            as_object(parse_json(line, f"{path}, line {number}"), f"{path}, line {number}"),
        )


def as_object(value: Any, where: str) -> dict[str, Any]:
    """The value itself, if it is a JSON object."""
    if not isinstance(value, dict):
        raise UserError(f"{where} must be a JSON object, not {type(value).__name__}.")
    return value


def field(
    record: Mapping[str, Any], key: str, kind: type | tuple[type, ...], path: Path, spot: object
) -> Any:
    """Required field of a record; `spot` (a line number or a key) goes into the complaint."""
    value = record.get(key)
    if isinstance(value, kind) and not (isinstance(value, bool) and kind is not bool):
        return value
    at = f"line {spot}" if isinstance(spot, int) else f"entry '{spot}'"
    state = f"is {type(value).__name__}" if key in record else "is missing"
    kinds = kind if isinstance(kind, tuple) else (kind,)
    wanted = " or ".join(one.__name__ for one in kinds)
    raise UserError(f"{path}, {at}: field '{key}' {state}; it must be {wanted}.")


def read_csv(path: Path, columns: Sequence[str]) -> pl.DataFrame:
    """The named columns of a CSV file, all as text; a missing one is a UserError."""
    read_text(path)
    try:
        table = pl.read_csv(path, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise UserError(f"{path} can't be read as CSV: {error}.") from None
    for column in columns:
        if column not in table.columns:
            raise UserError(f"{path}, line 1: column '{column}' is missing.")
    return table.select(columns)


def no_duplicates(frame: pl.DataFrame, keys: Sequence[str], path: Path) -> pl.DataFrame:
    """The frame itself; a key that occurs twice in a data set is a UserError."""
    twice = frame.filter(pl.struct(keys).is_duplicated())
    if twice.height:
        shown = ", ".join(f"{key} = {twice[key][0]!r}" for key in keys)
        raise UserError(f"{path} has more than one entry with {shown}; remove the others.")
    return frame
