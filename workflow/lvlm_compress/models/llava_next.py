"""LLaVA-1.6 (LLaVA-NeXT), Vicuna and Mistral decoders: anyres tiles, 576 to 2,900 image tokens.

The checkpoint's own processor chooses the canvas, scales, centres on black and cuts the tiles (the
eval kit's `anyres`); features are re-assembled, unpadded, and a learned newline ends each row.
Prompts: `vicuna_v1` or `mistral_instruct`.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from lvlm_compress.models import checkpoint
from lvlm_compress.models.adapter import ImageFeatures
from lvlm_compress.models.llava import check_size
from lvlm_compress.models.prompts import style
from lvlm_compress.models.spec import ModelSpec
from lvlm_compress.models.vlm import (
    VisionLanguageModel,
    load_pictures,
    load_tokenizer,
    require_full_attention,
    stop_tokens,
)

PROCESSORS = ("LlavaNextImageProcessor",)


class LlavaNext(VisionLanguageModel):
    """A loaded LLaVA-1.6."""

    @torch.inference_mode()
    def see(self, inputs: Mapping[str, Tensor]) -> list[ImageFeatures]:
        """Features of pictures: overview tokens, then the tiles' rows."""
        found = self.model.model.get_image_features(
            pixel_values=self.to_device(inputs["pixel_values"]),
            image_sizes=inputs["image_sizes"],
            return_dict=True,
        )
        return [ImageFeatures(tokens) for tokens in found.pooler_output]


def load(spec: ModelSpec) -> LlavaNext:
    """Load a LLaVA-1.6 from local files.

    Raises:
        UserError: another architecture, a missing or unfitting weight file, another family's
            processor, an unknown prompt style.
    """
    prompt = style(spec.prompt)
    path = checkpoint.folder(spec)
    checkpoint.check(path, ["llava_next"])
    from transformers.models.llava_next.image_processing_pil_llava_next import (
        LlavaNextImageProcessorPil,
    )
    from transformers.models.llava_next.modeling_llava_next import LlavaNextForConditionalGeneration

    pictures = load_pictures(LlavaNextImageProcessorPil, path, PROCESSORS)
    tokenizer = load_tokenizer(path)
    model = checkpoint.load_weights(LlavaNextForConditionalGeneration, path, spec)
    check_size(model.config, pictures, path)
    require_full_attention(model.config, path)
    return LlavaNext(
        spec=spec,
        model=model,
        tokenizer=tokenizer,
        pictures=pictures,
        style=prompt,
        image_token_id=model.config.image_token_id,
        stop_ids=stop_tokens(model, tokenizer, prompt),
    )
