"""Logits in fp32 with rounded weights, one block at a time."""

from __future__ import annotations

import pytest
import torch

from lvlm_compress.weights.linears import quantized_linears
from lvlm_compress.weights.quantizer import fake_quantize
from lvlm_compress.weights.shell import CausalShell
from lvlm_compress.weights.streamed import float_logits, rounded_logits
from tests.weights.tiny_models import FAMILIES, tiny_llava

PROBE = torch.arange(60).view(2, 30)


def _shell(family: str, dtype: torch.dtype) -> CausalShell:
    model = tiny_llava(family, dtype=dtype)
    return CausalShell(model.get_decoder(), model.lm_head, model.config.get_text_config())


@pytest.mark.parametrize("family", FAMILIES)
def test_rounded_logits_are_those_of_a_rounded_model(family: str) -> None:
    shell = _shell(family, torch.float32)
    before = {name: tensor.clone() for name, tensor in shell.state_dict().items()}
    with torch.no_grad():
        streamed = rounded_logits(shell, PROBE, 4, 128)
        assert all(torch.equal(t, before[name]) for name, t in shell.state_dict().items())
        assert torch.equal(float_logits(shell, PROBE), shell(PROBE))
        for linear in quantized_linears(shell.model).values():
            linear.weight.copy_(fake_quantize(linear.weight, 4, 128))
        assert torch.equal(streamed, shell(PROBE))


@pytest.mark.parametrize("family", FAMILIES)
def test_sixteen_bit_models_are_computed_in_fp32(family: str) -> None:
    shell = _shell(family, torch.float16)
    with torch.no_grad():
        logits = float_logits(shell, PROBE)
        assert logits.dtype == torch.float32
        assert next(shell.parameters()).dtype == torch.float16
        noise = (shell(PROBE).float() - logits).norm() / logits.norm()
    assert 0 < noise < 2e-2


def test_weights_come_back_when_the_forward_pass_fails() -> None:
    shell = _shell("llama", torch.float16)
    before = {name: tensor.clone() for name, tensor in shell.state_dict().items()}

    def fail(*_: object) -> None:
        raise RuntimeError("out of memory")

    handle = shell.model.get_submodule("layers.1.mlp").register_forward_pre_hook(fail)
    with pytest.raises(RuntimeError, match="out of memory"), torch.no_grad():
        float_logits(shell, PROBE)
    handle.remove()
    assert all(torch.equal(t, before[name]) for name, t in shell.state_dict().items())
