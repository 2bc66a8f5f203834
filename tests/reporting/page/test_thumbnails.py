"""Thumbnails: small, each picture once, nothing from outside the data folder, no failure."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from PIL import Image

from lvlm_compress.reporting.page.thumbnails import SIDE, Thumbnails, thumbnail


def _picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (640, 320), "red").save(path)


def test_a_picture_is_scaled_and_kept_once(tmp_path: Path) -> None:
    _picture(tmp_path / "images" / "a.png")
    found = Thumbnails({"gqa": tmp_path})
    assert found.css_class("gqa", "images/a.png") == found.css_class("gqa", "images/a.png") == "p0"
    data = base64.b64decode(found.uris["p0"].partition(",")[2])
    assert Image.open(io.BytesIO(data)).size == (SIDE, SIDE // 2)


def test_a_bare_name_is_found_below_the_folder(tmp_path: Path) -> None:
    _picture(tmp_path / "val2014" / "x.png")
    assert Thumbnails({"pope": tmp_path}).css_class("pope", "x.png") == "p0"


def test_nothing_outside_the_folder_is_read(tmp_path: Path) -> None:
    _picture(tmp_path / "secret.png")
    (tmp_path / "data").mkdir()
    found = Thumbnails({"gqa": tmp_path / "data"})
    assert found.css_class("gqa", "../secret.png") is None
    assert found.css_class("gqa", str(tmp_path / "secret.png")) is None


def test_what_is_no_picture_has_none(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"<script>alert(1)</script>")
    assert thumbnail(tmp_path / "bad.png") is None
    assert Thumbnails({"gqa": tmp_path}).css_class("gqa", "bad.png") is None
    assert Thumbnails({}).css_class("gqa", "bad.png") is None
    assert Thumbnails({"gqa": tmp_path}).css_class("gqa", None) is None
