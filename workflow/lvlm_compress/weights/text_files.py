"""Documents of a local text collection: .jsonl, .jsonl.zst, .parquet (field `text`) or .txt."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path

from lvlm_compress.errors import UserError

FIELD = "text"


def read_documents(path: Path) -> list[str]:
    """All documents in file order.

    Raises UserError for a missing file, an unknown ending, and a broken line or a document
    without a text field, with the line or row.
    """
    reader = _reader(path)
    if not path.is_file():
        raise UserError(f"The calibration text {path} does not exist; set calibration.path.")
    return reader(path)


def _reader(path: Path) -> Callable[[Path], list[str]]:
    endings = {
        (".jsonl",): _read_jsonl,
        (".jsonl", ".zst"): _read_zst,
        (".parquet",): _read_parquet,
        (".txt",): _read_txt,
    }
    for ending, reader in endings.items():
        if tuple(path.suffixes[-len(ending) :]) == ending:
            return reader
    raise UserError(
        f"The calibration text {path} ends in none of .jsonl, .jsonl.zst, .parquet, .txt; "
        "convert it or rename it."
    )


def _read_jsonl(path: Path) -> list[str]:
    with path.open(encoding="utf-8") as lines:
        return _parse_lines(lines, path)


def _read_zst(path: Path) -> list[str]:
    import zstandard

    with path.open("rb") as packed, zstandard.ZstdDecompressor().stream_reader(packed) as raw:
        return _parse_lines(io.TextIOWrapper(raw, encoding="utf-8"), path)


def _parse_lines(lines: Iterable[str], path: Path) -> list[str]:
    numbered = enumerate(lines, start=1)
    return [_text_of(line, f"{path}, line {number}") for number, line in numbered if line.strip()]


def _text_of(line: str, where: str) -> str:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise UserError(f"{where}: not a JSON object ({error.msg}); mend the file.") from error
    text = record.get(FIELD) if isinstance(record, dict) else None
    if not isinstance(text, str):
        raise UserError(f"{where}: no string field '{FIELD}'; mend the file.")
    return text


def _read_parquet(path: Path) -> list[str]:
    import polars

    if FIELD not in polars.read_parquet_schema(path):
        raise UserError(f"{path}: no column '{FIELD}'; rename the column that holds the documents.")
    column = polars.read_parquet(path, columns=[FIELD])[FIELD]
    if column.dtype != polars.String or column.null_count():
        raise UserError(f"{path}: the column '{FIELD}' must hold strings without nulls.")
    documents: list[str] = column.to_list()
    return documents


def _read_txt(path: Path) -> list[str]:
    """A document is a run of lines; blank lines separate documents."""
    paragraphs: list[list[str]] = [[]]
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    return ["\n".join(lines) for lines in paragraphs if lines]
