"""Activation-aware weight quantization (Lin et al. 2023) with AutoAWQ as the engine.

For each block and each of {input norm -> q, k, v; v -> o when their shapes are equal; post norm
-> gate, up; up -> down}: channel scales mean|x|^r with r on a grid of 20, chosen by the squared
output error of the rounded module, folded into the operation before; then a search for clipping
bounds per group. Rounding itself is done elsewhere, with the quantizer that the search used.
"""

from __future__ import annotations

import warnings

from torch import Tensor

from lvlm_compress.errors import UserError
from lvlm_compress.weights.linears import offset_norms, quantized_linears
from lvlm_compress.weights.scheme import WeightScheme
from lvlm_compress.weights.shell import CausalShell

# Text model type -> the AutoAWQ mapping (which operation feeds which linears) that fits it.
MAPPINGS = {
    "llama": "llama",
    "mistral": "mistral",
    "gemma": "gemma",
    "qwen2": "qwen2",
    "qwen2_vl_text": "qwen2",
}
_CLIP_ROWS = 64


def fold(shell: CausalShell, blocks: list[list[int]], scheme: WeightScheme) -> dict[str, Tensor]:
    """Fold the searched channel scales into the decoder; returns the clipping bounds.

    Bounds: linear name -> [rows, groups, 1], none for q and k (their product is hard to clip).
    Raises UserError for a decoder that AutoAWQ has no mapping for, or cannot cut in rows.
    """
    mapping = _mapping(shell.config.model_type)
    for name, linear in quantized_linears(shell.model).items():
        if linear.out_features % _CLIP_ROWS:
            raise UserError(
                f"{name} has {linear.out_features} outputs; AutoAWQ's clip search needs a multiple "
                f"of {_CLIP_ROWS}. Use w{scheme.bits}-rtn for this model."
            )
    device = next(shell.model.parameters()).device
    for name in offset_norms(shell.model):
        norm = shell.model.get_parameter(name)
        norm.data = norm.data.float()
    with warnings.catch_warnings(record=True):  # AutoAWQ announces its deprecation at import
        from lvlm_compress.weights.awq_engine import MendedQuantizer

        engine = MendedQuantizer.for_shell(shell, mapping, blocks, scheme)
        engine.quantize()
    shell.to(device)  # the engine leaves blocks on the CPU when it worked on a GPU
    return engine.bounds


def _mapping(model_type: str) -> str:
    if model_type not in MAPPINGS:
        raise UserError(
            f"AWQ has no layer mapping for '{model_type}' decoders; known are "
            f"{', '.join(MAPPINGS)}. Use round to nearest (-rtn) for this model."
        )
    return MAPPINGS[model_type]
