"""Small copies of sample pictures, each once, when the data folder is here."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from PIL import Image, UnidentifiedImageError

SIDE = 112
MOST = 400


class Thumbnails:
    """Data URIs of pictures by benchmark and name; a picture that is not found has none."""

    def __init__(self, folders: dict[str, Path]) -> None:
        """`folders` maps a benchmark to the folder of its data."""
        self._folders = folders
        self._files: dict[str, dict[str, Path]] = {}
        self.uris: dict[str, str] = {}
        self._numbers: dict[tuple[str, str], str | None] = {}

    def css_class(self, benchmark: str, name: str | None) -> str | None:
        """The class whose background is the picture; None where there is no picture."""
        if name is None or benchmark not in self._folders:
            return None
        key = (benchmark, name)
        if key not in self._numbers:
            self._numbers[key] = self._add(benchmark, name)
        return self._numbers[key]

    def _add(self, benchmark: str, name: str) -> str | None:
        path = self._find(benchmark, name)
        if path is None or len(self.uris) >= MOST:
            return None
        uri = thumbnail(path)
        if uri is None:
            return None
        number = f"p{len(self.uris)}"
        self.uris[number] = uri
        return number

    def _find(self, benchmark: str, name: str) -> Path | None:
        folder = self._folders[benchmark]
        if benchmark not in self._files:
            files = (path for path in sorted(folder.rglob("*")) if path.is_file())
            self._files[benchmark] = {path.name: path for path in files}
        whole = folder / name
        inside = whole.resolve().is_relative_to(folder.resolve())
        return whole if inside and whole.is_file() else self._files[benchmark].get(Path(name).name)


def thumbnail(path: Path) -> str | None:
    """A JPEG data URI of a picture file; None for a file that is no picture."""
    try:
        with Image.open(path) as picture:
            small = picture.convert("RGB")
    except (UnidentifiedImageError, OSError):
        return None
    small.thumbnail((SIDE, SIDE))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=72)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
