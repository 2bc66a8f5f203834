"""Self-checks end a run and leave no artifact; the defects they are for are put back here."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lvlm_compress.weights import selfcheck
from lvlm_compress.weights.packed import PackedWeight
from lvlm_compress.weights.selfcheck import SelfCheckError
from tests.weights.tiny_models import calibrate_model, tiny_llava


@pytest.mark.parametrize("family", ["llama", "gemma", "qwen2"])
def test_autoawq_as_it_is_on_cpu_fails(
    family: str, text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a real backup the search corrupts the weights (defect 1): check (a) sees it.

    The first trial's scales stay behind, which are 1 unless AutoAWQ's own scale rule is used.
    """
    from awq.quantize.quantizer import AwqQuantizer

    from lvlm_compress.weights.awq_engine import MendedQuantizer

    unmended = AwqQuantizer._compute_best_scale
    monkeypatch.setattr(MendedQuantizer, "_compute_best_scale", unmended)
    out = tmp_path / "w.safetensors"
    with pytest.raises(SelfCheckError, match="Folding changed the logits"):
        calibrate_model(tiny_llava(family), "w4-awq", text, out, duo_scaling=True)
    assert not out.exists()


@pytest.mark.parametrize("family", ["llama", "gemma", "qwen2"])
def test_autoawq_mended_passes_with_either_scale_rule(
    family: str, text: Path, tmp_path: Path
) -> None:
    out = tmp_path / "w.safetensors"
    figures = calibrate_model(tiny_llava(family), "w4-awq", text, out, duo_scaling=True)
    assert figures["fold_error"] < 1e-5
    assert figures["error"] < figures["rounding_error"]


def test_a_store_that_gives_back_other_values_is_removed(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Check (c), with a writer that flips one bit of the codes."""
    honest = PackedWeight.to_matrix
    calls: list[PackedWeight] = []

    def flipped_when_reloaded(weight: PackedWeight, dtype: torch.dtype) -> torch.Tensor:
        calls.append(weight)
        matrix = honest(weight, dtype)
        return -matrix if len(calls) == 20 else matrix

    monkeypatch.setattr(PackedWeight, "to_matrix", flipped_when_reloaded)
    out = tmp_path / "w.safetensors"
    with pytest.raises(SelfCheckError, match="other values for layers"):
        calibrate_model(tiny_llava("llama"), "w4-rtn", text, out)
    assert not out.exists()


def test_a_failing_write_leaves_nothing(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(error: float, rounding: float) -> None:
        if out.exists():
            raise SelfCheckError("no")

    out = tmp_path / "w.safetensors"
    monkeypatch.setattr(selfcheck, "check_not_worse", refuse)
    with pytest.raises(SelfCheckError):
        calibrate_model(tiny_llava("llama"), "w8-rtn", text, out)
    assert not out.exists()


def test_limits() -> None:
    selfcheck.check_fold(9e-6, torch.float32)
    selfcheck.check_not_worse(0.014, 0.01)
    for failing in (2e-5, float("nan")):
        with pytest.raises(SelfCheckError):
            selfcheck.check_fold(failing, torch.float32)
    for failing in (0.016, float("nan")):
        with pytest.raises(SelfCheckError, match="At 8 bits"):
            selfcheck.check_not_worse(failing, 0.01)


def test_relative_error_is_a_ratio_of_norms() -> None:
    reference = torch.tensor([3.0, 4.0])
    assert selfcheck.relative_error(torch.tensor([3.0, 4.5]), reference) == pytest.approx(0.1)
