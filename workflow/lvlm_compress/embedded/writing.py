"""Files of an embedded data set: pictures and JSON with the same bytes on every machine."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lvlm_compress.embedded.png import encode
from lvlm_compress.embedded.render import palette, render
from lvlm_compress.embedded.scene import Scene


def write_picture(path: Path, scene: Scene) -> None:
    """PNG bytes under whatever name the real layout has (readers go by content)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(render(scene), palette()))


def write_text(path: Path, text: str) -> None:
    """UTF-8 text with its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def write_json(path: Path, value: Any) -> None:
    """Indented JSON."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def write_jsonl(path: Path, rows: Iterable[Any]) -> None:
    """JSON lines."""
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
