"""Loading a checkpoint with packed linears from the start, and what loading costs in memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForImageTextToText

from lvlm_compress.errors import UserError
from lvlm_compress.weights.loading import packed_store
from lvlm_compress.weights.packed import PackedLinear
from lvlm_compress.weights.store import load_into
from tests.weights.conftest import Calibrated
from tests.weights.tiny_models import FAMILIES, logits, tiny_llava, twin

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_packed_from_the_start_equals_dense(
    calibrated: Calibrated, family: str, dtype: torch.dtype, tmp_path: Path
) -> None:
    run = calibrated(family, "w3-awq")
    twin(run.model, run.before).save_pretrained(tmp_path)
    model, report = AutoModelForImageTextToText.from_pretrained(
        tmp_path,
        quantization_config=packed_store(run.path),
        dtype=dtype,
        output_loading_info=True,
    )
    assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    assert isinstance(model.get_decoder().layers[1].mlp.down_proj, PackedLinear)
    assert "quantization_config" not in model.config.to_dict()
    dense = AutoModelForImageTextToText.from_pretrained(tmp_path, dtype=dtype)
    load_into(dense, run.path)
    assert torch.equal(logits(model), logits(dense))


def test_a_store_of_another_model_is_refused(calibrated: Calibrated, tmp_path: Path) -> None:
    tiny_llava("gemma").save_pretrained(tmp_path)
    store = packed_store(calibrated("llama", "w4-awq").path)
    with pytest.raises(UserError, match="does not fit the model"):
        AutoModelForImageTextToText.from_pretrained(tmp_path, quantization_config=store)


def _measure(folder: Path, action: str) -> dict[str, int]:
    command = [sys.executable, "-m", "tests.weights.peak_memory", str(folder), action]
    path = os.pathsep.join([str(ROOT), str(ROOT / "workflow")])
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, check=True, capture_output=True, env=environment, cwd=ROOT)
    figures: dict[str, int] = json.loads(done.stdout)
    return figures


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux's /proc")
def test_loading_never_holds_the_unquantized_weights_beside_the_result(tmp_path: Path) -> None:
    """A second copy would be 100 % of the dense size; allowed is the file and one layer."""
    made = _measure(tmp_path, "make")
    dense = made["dense"]
    assert made["file"] == pytest.approx((4 + 20 / 128) / 32 * dense, rel=0.01)
    figures = {way: _measure(tmp_path, way) for way in ("dense", "packed", "from_start")}
    assert all(figure["growth"] < 0.5 * dense for figure in figures.values()), figures
    assert figures["packed"]["after"] < -0.6 * dense
