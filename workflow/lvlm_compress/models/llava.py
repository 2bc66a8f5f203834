"""LLaVA-1.5 and its like: CLIP tower, MLP projector, any decoder (Vicuna, Gemma, the tiny model).

Prompt `vicuna_v1` pads pictures to a square, as the evaluation of LLaVA-1.5 does; the others leave
them to the checkpoint's processor (LLaVA-Gemma). Two facts of LLaVA-Gemma can't be established
without its weights: its training code ran a transformers version in which Gemma scaled *all* input
embeddings by sqrt(hidden), pictures included, while this version scales only those of words; what
is run here is this version's arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from lvlm_compress.errors import UserError
from lvlm_compress.models import checkpoint
from lvlm_compress.models.adapter import ImageFeatures
from lvlm_compress.models.images import pad_to_square
from lvlm_compress.models.prompts import style
from lvlm_compress.models.spec import ModelSpec
from lvlm_compress.models.vlm import (
    VisionLanguageModel,
    load_pictures,
    load_tokenizer,
    require_full_attention,
    stop_tokens,
)

if TYPE_CHECKING:
    from PIL.Image import Image

PROCESSORS = ("LlavaImageProcessor", "CLIPImageProcessor")


class Llava(VisionLanguageModel):
    """A loaded LLaVA."""

    def pixels(self, images: Sequence[Image]) -> dict[str, Tensor]:
        """RGB pictures as the tower takes them, padded to a square where the prompt style says."""
        if self.style is not None and self.style.pad_square:
            images = [pad_to_square(image) for image in images]
        return super().pixels(images)

    @torch.inference_mode()
    def see(self, inputs: Mapping[str, Tensor]) -> list[ImageFeatures]:
        """Features of pictures, one forward pass of the vision tower."""
        pixels = self.to_device(inputs["pixel_values"])
        found = self.model.model.get_image_features(pixel_values=pixels, return_dict=True)
        return [ImageFeatures(tokens) for tokens in found.pooler_output]


def load(spec: ModelSpec) -> Llava:
    """Load a LLaVA from local files.

    Raises:
        UserError: another architecture, a missing or unfitting weight file, another family's
            processor, an unknown prompt style.
    """
    prompt = style(spec.prompt)
    path = checkpoint.folder(spec)
    checkpoint.check(path, ["llava"])
    from transformers.models.llava.image_processing_pil_llava import LlavaImageProcessorPil
    from transformers.models.llava.modeling_llava import LlavaForConditionalGeneration

    pictures = load_pictures(LlavaImageProcessorPil, path, PROCESSORS)
    tokenizer = load_tokenizer(path)
    model = checkpoint.load_weights(LlavaForConditionalGeneration, path, spec)
    check_size(model.config, pictures, path)
    require_full_attention(model.config, path)
    return Llava(
        spec=spec,
        model=model,
        tokenizer=tokenizer,
        pictures=pictures,
        style=prompt,
        image_token_id=model.config.image_token_id,
        stop_ids=stop_tokens(model, tokenizer, prompt),
    )


def check_size(config: Any, pictures: Any, path: Path) -> None:
    """UserError unless the processor crops to what the vision tower takes."""
    side = config.vision_config.image_size
    crop = pictures.crop_size
    if (crop["height"], crop["width"]) != (side, side):
        raise UserError(
            f"The image processor in {path} crops to {crop['height']} x {crop['width']}, but the "
            f"vision tower takes {side} x {side}; it is the processor of another checkpoint."
        )
