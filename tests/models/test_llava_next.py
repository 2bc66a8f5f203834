"""Anyres geometry of LLaVA-1.6 (spec/benchmarks.md section 1.2), with tiles of 320 pixels."""

from __future__ import annotations

import pytest

from lvlm_compress.errors import UserError
from lvlm_compress.models.families import load
from lvlm_compress.models.spec import ModelSpec
from tests.generation import tiny, tiny_families


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tiny_families.save_llava_next(tmp_path_factory.mktemp("next"), side=320)
    return load(ModelSpec("llava_next", folder, dtype="float32"))


def expected_tokens(width: int, height: int, side: int, grid: int) -> int:
    """Overview, then the canvas's feature rows without padding, each with a newline."""
    canvases = [(side * a, side * b) for a, b in ((1, 2), (2, 1), (2, 2), (3, 1), (1, 3))]

    def rank(canvas):
        canvas_height, canvas_width = canvas
        scale = min(canvas_width / width, canvas_height / height)
        fitted = int(width * scale) * int(height * scale)
        useful = min(fitted, width * height)
        return useful, -(canvas_width * canvas_height - useful)

    canvas_height, canvas_width = max(canvases, key=rank)
    rows, columns = canvas_height // side * grid, canvas_width // side * grid
    if width / height > columns / rows:
        kept = int(round(height * (columns / width), 7))
        rows -= 2 * ((rows - kept) // 2)
    else:
        kept = int(round(width * (rows / height), 7))
        columns -= 2 * ((columns - kept) // 2)
    return grid * grid + rows * (columns + 1)


@pytest.mark.parametrize(
    "size", [(640, 480), (480, 640), (320, 320), (1000, 200), (200, 1000), (333, 500)]
)
def test_token_counts(model, size):
    (features,) = model.features([tiny.picture(0, size)])
    side = model.pictures.crop_size["height"]
    assert features.tokens.shape[0] == expected_tokens(*size, side, side // 8)


def test_the_papers_usual_picture_has_2340_tokens():
    assert expected_tokens(640, 480, 336, 24) == 2340


def test_each_picture_is_as_if_alone(model):
    import torch

    pictures = [tiny.picture(0, (320, 320)), tiny.picture(1, (1000, 200))]
    together = model.features(pictures)
    for picture, features in zip(pictures, together, strict=True):
        (alone,) = model.features([picture])
        assert torch.allclose(alone.tokens, features.tokens, atol=1e-4)


def test_a_sliding_window_is_refused(tmp_path):
    import json

    folder = tiny_families.save_llava_next(tmp_path, "mistral")
    config = json.loads((folder / "config.json").read_text())
    config["text_config"]["sliding_window"] = 64
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match="sliding-window"):
        load(ModelSpec("llava_next", folder, dtype="float32"))
