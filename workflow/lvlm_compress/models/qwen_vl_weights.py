"""The original Qwen-VL's parameters under their native names; pure, one tensor at a time."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

# Constants some checkpoints hold: the original computes them anew and does not read them either.
CONSTANTS = re.compile(
    r"transformer\.(h\.\d+\.attn\.)?rotary_emb\.inv_freq|transformer\.h\.\d+\.attn\.masked_bias"
)
_FUSED = re.compile(r"transformer\.h\.(\d+)\.attn\.c_attn\.(weight|bias)")
_BLOCK = re.compile(r"transformer\.h\.(\d+)\.(.+)")
_TOWER_BLOCK = re.compile(r"transformer\.visual\.transformer\.resblocks\.(.+)")
_TOWER = re.compile(r"transformer\.visual\.(.+)")
_IN_BLOCK = {
    "ln_1.weight": "input_layernorm.weight",
    "attn.c_proj.weight": "self_attn.o_proj.weight",
    "ln_2.weight": "post_attention_layernorm.weight",
    # The MLP is c_proj(w1(x) * silu(w2(x))).
    "mlp.w2.weight": "mlp.gate_proj.weight",
    "mlp.w1.weight": "mlp.up_proj.weight",
    "mlp.c_proj.weight": "mlp.down_proj.weight",
}
_TOP = {
    "transformer.wte.weight": "model.language_model.embed_tokens.weight",
    "transformer.ln_f.weight": "model.language_model.norm.weight",
    "lm_head.weight": "lm_head.weight",
}


def native(name: str, tensor: Tensor) -> Mapping[str, Tensor]:
    """An original parameter as native ones: three for a fused c_attn, none for a constant.

    Raises:
        KeyError: a name that the original does not have.
    """
    if CONSTANTS.fullmatch(name):
        return {}
    if fused := _FUSED.fullmatch(name):
        layer, kind = fused.groups()
        parts = zip(("q_proj", "k_proj", "v_proj"), tensor.chunk(3), strict=True)
        # Copies, as a safetensors file can't hold views of one tensor.
        return {
            f"model.language_model.layers.{layer}.self_attn.{part}.{kind}": rows.clone()
            for part, rows in parts
        }
    return {_renamed(name): tensor}


def _renamed(name: str) -> str:
    if name in _TOP:
        return _TOP[name]
    if block := _BLOCK.fullmatch(name):
        return f"model.language_model.layers.{block[1]}.{_IN_BLOCK[block[2]]}"
    if block := _TOWER_BLOCK.fullmatch(name):
        return f"model.visual.blocks.{block[1]}"
    if tower := _TOWER.fullmatch(name):
        return f"model.visual.{tower[1]}"
    raise KeyError(name)
