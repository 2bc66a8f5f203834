"""Pictures: RGB, inside the data folder, no bombs (issue, part 1)."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from lvlm_compress.benchmarks.images import BadImage, inside, open_image
from lvlm_compress.benchmarks.types import ImageSource
from lvlm_compress.errors import UserError
from tests.benchmarks.layouts import png


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "LA", "1", "I;16"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(png((5, 2), mode))
    image = open_image(ImageSource(file, "q1"))
    assert (image.mode, image.size) == ("RGB", (5, 2))


def test_a_palette_keeps_its_colours(tmp_path: Path) -> None:
    Image.new("RGB", (2, 2), (10, 200, 30)).quantize(4).save(tmp_path / "a.png")
    assert open_image(ImageSource(tmp_path / "a.png", "q")).getpixel((0, 0)) == (10, 200, 30)


@pytest.mark.parametrize("content", [b"", b"not a picture", png((64, 64))[:-40], png()[:30]])
def test_broken_files_name_file_and_id(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "broken.png"
    file.write_bytes(content)
    with pytest.raises(BadImage, match=r"'q7' in .*broken\.png"):
        open_image(ImageSource(file, "q7"))


def test_a_missing_file_is_a_bad_image(tmp_path: Path) -> None:
    with pytest.raises(BadImage, match="q7"):
        open_image(ImageSource(tmp_path / "gone.png", "q7"))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize("side", [10_000, 60_000])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_bombs_are_refused_before_they_are_unpacked(tmp_path: Path, side: int) -> None:
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    file = tmp_path / "bomb.png"
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0"))
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    with pytest.raises(BadImage, match="pixels"):
        open_image(ImageSource(file, "q"))


@pytest.mark.parametrize("name", ["../x.jpg", "/etc/passwd", "a/../../x", "a\0b", "..\\x"])
def test_paths_stay_inside(name: str) -> None:
    with pytest.raises(UserError, match="leaves the data folder"):
        inside(Path("/data"), name, "questions.jsonl, line 1")


def test_inner_paths_pass() -> None:
    assert inside(Path("/data"), "a/b.jpg", "x") == Path("/data/a/b.jpg")


def mirror(tmp_path: Path, cells: list[dict[str, object] | None]) -> Path:
    image = pl.Series("image", cells, dtype=pl.Struct({"bytes": pl.Binary, "path": pl.String}))
    image.to_frame().write_parquet(tmp_path / "m.parquet")
    return tmp_path / "m.parquet"


def test_parquet_rows_hold_bytes_or_a_path(tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(png((7, 7)))
    cells = [{"bytes": png((6, 6)), "path": "a.png"}, {"bytes": None, "path": "b.png"}]
    file = mirror(tmp_path, cells)
    assert open_image(ImageSource(file, "q", 0)).size == (6, 6)
    assert open_image(ImageSource(file, "q", 1)).size == (7, 7)


@pytest.mark.parametrize("cell", [None, {"bytes": None, "path": None}])
def test_empty_cells_are_bad_images(tmp_path: Path, cell: dict[str, object] | None) -> None:
    file = mirror(tmp_path, [cell, {"bytes": b"x", "path": None}])
    with pytest.raises(BadImage, match=r"row 0 .* no picture"):
        open_image(ImageSource(file, "q", 0))
    with pytest.raises(BadImage, match="can't be read"):
        open_image(ImageSource(file, "q", 1))


def test_a_path_in_a_cell_stays_inside(tmp_path: Path) -> None:
    file = mirror(tmp_path, [{"bytes": None, "path": "../secret.png"}])
    with pytest.raises(UserError, match="leaves the data folder"):
        open_image(ImageSource(file, "q", 0))


def test_a_file_without_image_column_is_a_bad_image(tmp_path: Path) -> None:
    pl.DataFrame({"x": [1]}).write_parquet(tmp_path / "m.parquet")
    with pytest.raises(BadImage, match=r"m\.parquet"):
        open_image(ImageSource(tmp_path / "m.parquet", "q", 0))
