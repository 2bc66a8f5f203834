"""Qwen2-VL: native resolution, 2 x 2 merged patches, three-axis RoPE. Prompt: `qwen_chat`.

Positions come from the model's own `get_rope_index`, told which tokens are the picture's; without
being told it would not fail but answer differently (spec/compression.md section 8).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from lvlm_compress.models import checkpoint
from lvlm_compress.models.adapter import ImageFeatures
from lvlm_compress.models.prompts import style
from lvlm_compress.models.spec import ModelSpec
from lvlm_compress.models.vlm import (
    VisionLanguageModel,
    load_pictures,
    load_tokenizer,
    require_full_attention,
    stop_tokens,
)

PROCESSORS = ("Qwen2VLImageProcessor",)
AXES = 3


class Qwen2VL(VisionLanguageModel):
    """A loaded Qwen2-VL or Qwen2.5-VL."""

    @torch.inference_mode()
    def see(self, inputs: Mapping[str, Tensor]) -> list[ImageFeatures]:
        """Features of pictures with their grids of patches."""
        grids = inputs["image_grid_thw"]
        found = self.model.model.get_image_features(
            self.to_device(inputs["pixel_values"]),
            grids.to(self.model.device),
            return_dict=True,
        )
        return [
            ImageFeatures(tokens, (frames, rows, columns))
            for tokens, (frames, rows, columns) in zip(
                found.pooler_output, grids.tolist(), strict=True
            )
        ]

    def positions(self, tokens: int, image: slice | None, features: ImageFeatures | None) -> Tensor:
        """Position ids [3, tokens]: time, row and column for the picture, equal for words."""
        if image is None or features is None:
            return torch.arange(tokens).expand(AXES, -1)
        kinds = torch.zeros(1, tokens, dtype=torch.long)
        kinds[:, image] = 1
        found, _ = self.model.model.get_rope_index(
            torch.zeros_like(kinds), kinds, image_grid_thw=torch.tensor([features.grid])
        )
        positions: Tensor = found[:, 0]
        return positions


def load(spec: ModelSpec) -> Qwen2VL:
    """Load a Qwen2-VL from local files.

    Raises:
        UserError: another architecture, a missing or unfitting weight file, another family's
            processor, an unknown prompt style.
    """
    from transformers.models.qwen2_vl.modeling_qwen2_vl import Qwen2VLForConditionalGeneration

    return load_as(spec, Qwen2VLForConditionalGeneration, "qwen2_vl")


def load_as(spec: ModelSpec, model_class: Any, model_type: str) -> Qwen2VL:
    """Load a checkpoint of one generation of the line; raises as `load`."""
    prompt = style(spec.prompt)
    path = checkpoint.folder(spec)
    checkpoint.check(path, [model_type])
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    pictures = load_pictures(Qwen2VLImageProcessorPil, path, PROCESSORS)
    tokenizer = load_tokenizer(path)
    model = checkpoint.load_weights(model_class, path, spec)
    require_full_attention(model.config, path)
    return Qwen2VL(
        spec=spec,
        model=model,
        tokenizer=tokenizer,
        pictures=pictures,
        style=prompt,
        image_token_id=model.config.image_token_id,
        stop_ids=stop_tokens(model, tokenizer, prompt),
    )
