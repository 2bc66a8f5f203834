"""Qwen2.5-VL: Qwen2-VL with a window-attention vision tower; text and positions are alike."""

from __future__ import annotations

from lvlm_compress.models.qwen2_vl import Qwen2VL, load_as
from lvlm_compress.models.spec import ModelSpec


def load(spec: ModelSpec) -> Qwen2VL:
    """Load a Qwen2.5-VL from local files; raises as `qwen2_vl.load`."""
    from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import (
        Qwen2_5_VLForConditionalGeneration,
    )

    return load_as(spec, Qwen2_5_VLForConditionalGeneration, "qwen2_5_vl")
