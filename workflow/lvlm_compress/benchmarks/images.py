"""Opening pictures: always RGB, never outside the data folder, never a bomb."""

from __future__ import annotations

import io
import struct
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from PIL import Image

from lvlm_compress.benchmarks.types import ImageSource
from lvlm_compress.errors import UserError

# Pillow's own limit above which it warns; a benchmark picture has about a tenth of a million.
MAX_PIXELS = 89_478_485


class BadImage(UserError):  # noqa: N818
    """A picture that can't be used; `on_bad_image: skip` leaves its example out."""


def inside(folder: Path, relative: str, where: str) -> Path:
    """Path of `relative` below `folder`; a UserError if it is absolute or climbs out."""
    pure = PurePosixPath(relative)
    if pure.is_absolute() or ".." in pure.parts or "\0" in relative or "\\" in relative:
        raise UserError(f"{where}: the image path {relative!r} leaves the data folder {folder}.")
    return folder / pure


def open_image(source: ImageSource) -> Image.Image:
    """The picture in RGB (palettes and alpha as Pillow converts them); BadImage if unusable."""
    stream: Path | BinaryIO = source.path if source.row is None else _cell(source, source.row)
    try:
        with Image.open(stream) as image:
            _check_size(image, source)
            return image.convert("RGB")
    except (OSError, SyntaxError, ValueError, EOFError, struct.error) as error:
        raise BadImage(f"Image '{source.name}' in {source.path} can't be read: {error}.") from None
    except Image.DecompressionBombError:
        raise BadImage(f"Image '{source.name}' in {source.path} has too many pixels.") from None


def _check_size(image: Image.Image, source: ImageSource) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise BadImage(
            f"Image '{source.name}' in {source.path} has {image.width} x {image.height} pixels;"
            f" the limit is {MAX_PIXELS}."
        )


def _cell(source: ImageSource, row: int) -> Path | BinaryIO:
    """Bytes (or the file named) in row `row` of the `image` column of a parquet file."""
    import polars as pl

    try:
        column = pl.scan_parquet(source.path).select("image").slice(row, 1).collect()["image"]
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BadImage(f"Image '{source.name}': {source.path} can't be read: {error}.") from None
    cell = column[0] if column.len() else None
    if cell is None or not (cell["bytes"] or cell["path"]):
        raise BadImage(f"Image '{source.name}': row {row} of {source.path} holds no picture.")
    if cell["bytes"]:
        return io.BytesIO(cell["bytes"])
    return inside(source.path.parent, cell["path"], f"{source.path}, row {row}")
