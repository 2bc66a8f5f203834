"""The weight store: reload, both storages, size (spec sections 10 and 12.8)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from lvlm_compress.errors import UserError
from lvlm_compress.weights.linears import offset_norms, quantized_linears
from lvlm_compress.weights.packed import PackedLinear, PackedWeight
from lvlm_compress.weights.quantizer import quantize
from lvlm_compress.weights.store import load_into
from lvlm_compress.weights.store_file import open_store, write_store
from tests.weights.conftest import Calibrated, Run
from tests.weights.tiny_models import FAMILIES, logits, tiny_llava, twin

CASES = [(family, f"w{bits}-awq") for family in FAMILIES for bits in (3, 4, 8)]


def _loaded(run: Run, storage: str) -> Any:
    model = twin(run.model, run.before)
    load_into(model, run.path, storage)
    return model


@pytest.mark.parametrize(("family", "scheme"), CASES)
def test_reload_gives_the_evaluated_weights_bit_for_bit(
    calibrated: Calibrated, family: str, scheme: str
) -> None:
    """(c), on a fresh model with the original weights."""
    run = calibrated(family, scheme)
    state = run.model.state_dict()
    for name, tensor in _loaded(run, "dense").state_dict().items():
        assert torch.equal(tensor, state[name]), name


@pytest.mark.parametrize(("family", "scheme"), CASES)
def test_packed_equals_dense_bit_for_bit(calibrated: Calibrated, family: str, scheme: str) -> None:
    run = calibrated(family, scheme)
    packed = _loaded(run, "packed")
    assert not quantized_linears(packed.get_decoder())
    assert torch.equal(logits(packed), logits(_loaded(run, "dense")))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_store_serves_another_dtype(calibrated: Calibrated, dtype: str) -> None:
    """Calibrated in fp32, loaded in 16 bit; Gemma's offset norms stay fp32, and still run."""
    run = calibrated("gemma", "w4-awq")
    before = {
        n: t.to(getattr(torch, dtype)) for n, t in run.before.items() if t.is_floating_point()
    }
    models = [tiny_llava("gemma", dtype=getattr(torch, dtype)) for _ in range(2)]
    for model, storage in zip(models, ("dense", "packed"), strict=True):
        model.load_state_dict(before, strict=False)
        load_into(model, run.path, storage)
        for name in offset_norms(model.get_decoder()):
            stored = run.model.get_decoder().get_parameter(name)
            assert torch.equal(model.get_decoder().get_parameter(name), stored)
    dense, packed = map(logits, models)
    assert torch.equal(dense, packed)
    expected = logits(run.model)
    assert (dense.float() - expected).norm() / expected.norm() < 0.05


@pytest.mark.parametrize("bits", [3, 4, 8])
def test_size_is_the_formula(bits: int, tmp_path: Path) -> None:
    """b + (16 + b) / 128 bits per weight within 1 %, file and all."""
    weight = torch.randn(1024, 512)
    packed = PackedWeight.of(quantize(weight, bits, 128), bits, 128)
    expected = (bits + (16 + bits) / 128) * weight.numel() / 8
    assert packed.nbytes == pytest.approx(expected, rel=1e-3)
    path = tmp_path / "w.safetensors"
    write_store(path, {"layers.0.q_proj": packed}, {}, {"scheme": {"bits": bits, "group": 128}})
    assert path.stat().st_size == pytest.approx(expected, rel=1e-2)


@pytest.mark.parametrize(("family", "scheme"), CASES)
def test_measured_bits_per_weight(calibrated: Calibrated, family: str, scheme: str) -> None:
    run = calibrated(family, scheme)
    bits = int(scheme[1])
    assert run.figures["bits_per_weight"] == pytest.approx(bits + (16 + bits) / 128, rel=1e-2)
    assert run.figures["file_bytes"] == run.path.stat().st_size
    with open_store(run.path) as store:
        assert set(store.linears) == set(quantized_linears(run.model.get_decoder()))
        norms = [
            f"layers.{i}.{n}layernorm.weight" for i in (0, 1) for n in ("input_", "post_attention_")
        ]
        assert set(norms) <= set(store.folded)


def test_casting_a_packed_model_keeps_its_weights(calibrated: Calibrated) -> None:
    model = _loaded(calibrated("llama", "w4-awq"), "packed")
    layer = model.get_decoder().layers[0].mlp.up_proj
    before = layer.packed.to_matrix(torch.float32)
    model.to(torch.bfloat16)
    assert torch.equal(layer.packed.to_matrix(torch.float32), before)


def test_packed_linear_keeps_the_bias() -> None:
    linear = nn.Linear(256, 64)
    weight = PackedWeight.of(quantize(linear.weight, 8, 128), 8, 128)
    inputs = torch.randn(2, 5, 256)
    expected = nn.functional.linear(inputs, weight.to_matrix(torch.float32), linear.bias)
    assert torch.equal(PackedLinear(weight, linear.bias)(inputs), expected)


def test_a_store_of_another_model_is_refused(calibrated: Calibrated) -> None:
    run = calibrated("llama", "w4-awq")
    with pytest.raises(UserError, match=r"does not fit the model: layers\.0\.self_attn\.k_proj"):
        load_into(tiny_llava("gemma"), run.path)


def test_a_damaged_or_foreign_file_is_a_user_error(calibrated: Calibrated, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    model = tiny_llava("llama")
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(calibrated("llama", "w4-awq").path.read_bytes()[:5000])
    foreign = tmp_path / "foreign.safetensors"
    save_file({"a": torch.zeros(2)}, foreign)
    cases = {cut: "is damaged", foreign: "is not a weight store", tmp_path / "no": "does not exist"}
    for path, message in cases.items():
        with pytest.raises(UserError, match=message):
            load_into(model, path)


def test_an_unknown_storage_is_a_user_error(calibrated: Calibrated) -> None:
    run = calibrated("llama", "w4-awq")
    with pytest.raises(UserError, match="dense, packed"):
        load_into(tiny_llava("llama"), run.path, "sparse")
