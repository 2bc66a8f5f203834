"""Which modules are quantized: the seven linear layers of every decoder block, nothing else."""

from __future__ import annotations

from torch import nn
from transformers.models.gemma.modeling_gemma import GemmaRMSNorm

TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def quantized_linears(decoder: nn.Module) -> dict[str, nn.Linear]:
    """Target linears by their name inside the decoder, in the order of its modules.

    Embeddings, norms and whatever lies outside the decoder (vision tower, projector, lm_head)
    are never among them.
    """
    return {
        f"layers.{name}": module
        for name, module in decoder.get_submodule("layers").named_modules()
        if isinstance(module, nn.Linear) and name.rpartition(".")[2] in TARGETS
    }


def other_tensors(decoder: nn.Module) -> dict[str, nn.Parameter]:
    """Parameters of the blocks that are not target weights: norms and biases (folding's side)."""
    targets = {f"{name}.weight" for name in quantized_linears(decoder)}
    named = decoder.get_submodule("layers").named_parameters(prefix="layers")
    return {name: parameter for name, parameter in named if name not in targets}


def offset_norms(decoder: nn.Module) -> list[str]:
    """Names of norm weights that are stored as weight - 1 (Gemma).

    A folded one is near -1, where 16-bit floats cannot hold the small difference that counts; the
    module computes in fp32 anyway, so these are kept in fp32.
    """
    blocks = decoder.get_submodule("layers").named_modules(prefix="layers")
    return [f"{name}.weight" for name, module in blocks if isinstance(module, GemmaRMSNorm)]
