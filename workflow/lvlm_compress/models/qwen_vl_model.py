"""The original Qwen-VL as a transformers model: the tower's features in front of a Qwen2 decoder.

Qwen-7B's block is Qwen2's without grouped heads: RMS norms, rotary halves, biases on q, k and v
only, SwiGLU. So the decoder is transformers' own class, and caches, attention functions and weight
stores meet nothing new.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers.generation.utils import GenerationMixin
from transformers.modeling_outputs import CausalLMOutputWithPast
from transformers.modeling_utils import PreTrainedModel
from transformers.models.qwen2.modeling_qwen2 import Qwen2Model

from lvlm_compress.models.qwen_vl_config import QwenVLConfig
from lvlm_compress.models.qwen_vl_tower import Tower


class QwenVLModel(nn.Module):
    """Decoder and tower side by side, named as in transformers' vision-language models."""

    def __init__(self, config: QwenVLConfig) -> None:
        super().__init__()
        self.language_model = Qwen2Model(config.text_config)
        self.visual = Tower(config.vision_config)


class QwenVLForConditionalGeneration(PreTrainedModel, GenerationMixin):  # type: ignore[misc]
    """Decoder, tower and head; whoever generates places the tower's features in the embeddings."""

    config_class = QwenVLConfig
    _supports_sdpa = True
    # Several of the tower's parameters are its own; it stays on one device.
    _no_split_modules = ("Qwen2DecoderLayer", "Tower")

    def __init__(self, config: QwenVLConfig) -> None:
        super().__init__(config)
        text = config.text_config
        self.model = QwenVLModel(config)
        self.lm_head = nn.Linear(text.hidden_size, text.vocab_size, bias=False)
        self.post_init()

    def get_decoder(self) -> nn.Module:
        """The text model without head."""
        decoder: nn.Module = self.model.language_model
        return decoder

    def get_input_embeddings(self) -> nn.Module:
        """Embeddings of the vocabulary."""
        embeddings: nn.Module = self.model.language_model.embed_tokens
        return embeddings

    def get_output_embeddings(self) -> nn.Module:
        """Hidden states -> logits."""
        return self.lm_head

    @torch.inference_mode()
    def image_features(self, pixels: Tensor) -> Tensor:
        """Features [pictures, queries, hidden] of normalised pixels [pictures, 3, side, side]."""
        weight = self.model.visual.conv1.weight
        features: Tensor = self.model.visual(pixels.to(weight.device, weight.dtype))
        return features

    def forward(
        self,
        input_ids: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        logits_to_keep: int = 0,
        **kwargs: Any,
    ) -> CausalLMOutputWithPast:
        """Logits of words, or of embeddings that hold a picture's features already."""
        output = self.model.language_model(
            input_ids=input_ids, inputs_embeds=inputs_embeds, **kwargs
        )
        hidden = output.last_hidden_state[:, -logits_to_keep:]
        return CausalLMOutputWithPast(
            logits=self.lm_head(hidden), past_key_values=output.past_key_values
        )
