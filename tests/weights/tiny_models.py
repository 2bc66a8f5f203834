"""Random Llava models with Llama, Gemma (MQA) and Qwen2 (biases, GQA) decoders, and a tokenizer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import (
    CLIPVisionConfig,
    GemmaConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    Qwen2Config,
)

from lvlm_compress.weights.calibrate import calibrate
from lvlm_compress.weights.calibration_text import CalibrationSpec
from lvlm_compress.weights.scheme import WeightScheme

FAMILIES = ("llama", "gemma", "qwen2")
VOCABULARY = 256
_COMMON = {
    "vocab_size": VOCABULARY,
    "hidden_size": 128,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "max_position_embeddings": 512,
}


def tiny_llava(family: str, dtype: torch.dtype = torch.float32) -> LlavaForConditionalGeneration:
    """A Llava whose hidden channels differ widely in size, as those of trained models do."""
    texts = {
        "llama": LlamaConfig(**_COMMON, num_attention_heads=4, num_key_value_heads=4),
        "gemma": GemmaConfig(**_COMMON, num_attention_heads=2, num_key_value_heads=1, head_dim=64),
        "qwen2": Qwen2Config(**_COMMON, num_attention_heads=4, num_key_value_heads=2),
    }
    vision = CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=28,
        patch_size=14,
        projection_dim=32,
    )
    torch.manual_seed(0)
    config = LlavaConfig(vision_config=vision, text_config=texts[family], image_token_index=255)
    model = LlavaForConditionalGeneration(config).eval()
    _randomize(model)
    return model.to(dtype)


@torch.no_grad()
def _randomize(model: LlavaForConditionalGeneration) -> None:
    """Larger weights than the initial ones, random biases, and a few salient channels."""
    decoder = model.get_decoder()
    for name, parameter in decoder.named_parameters():
        if name.endswith("bias"):
            parameter.normal_(0, 0.2)
        elif name.endswith("proj.weight"):
            parameter.normal_(0, 0.03)
        elif name.endswith("layernorm.weight"):
            offset = 1.0 if model.config.text_config.model_type == "gemma" else 0.0
            size = torch.exp(0.3 * torch.randn_like(parameter))
            size[torch.randperm(len(size))[:6]] *= 8
            parameter.copy_(size - offset)


class CharacterTokenizer:
    """BOS and one id a byte: enough of a tokenizer for calibration."""

    bos = 254

    def encode(self, text: str) -> list[int]:
        return [self.bos, *(byte % 250 for byte in text.encode())]


def calibrate_model(
    model: LlavaForConditionalGeneration,
    scheme_id: str,
    text: Path,
    out: Path,
    duo_scaling: bool = False,
) -> dict[str, Any]:
    """Calibrate a tiny model in place with ten blocks of 64 characters."""
    return calibrate(
        model.get_decoder(),
        model.get_output_embeddings(),
        model.config.get_text_config(),
        CharacterTokenizer(),
        WeightScheme.parse(scheme_id, duo_scaling=duo_scaling),
        CalibrationSpec(text, samples=16, block=64),
        out,
        {"model": "tiny"},
    )


def twin(
    model: LlavaForConditionalGeneration, before: dict[str, torch.Tensor]
) -> LlavaForConditionalGeneration:
    """A second model of the same config with the weights of `before`."""
    other = LlavaForConditionalGeneration(model.config).eval().to(model.dtype)
    other.load_state_dict(before)
    return other


@torch.no_grad()
def logits(model: LlavaForConditionalGeneration) -> torch.Tensor:
    """Logits of a fixed text and picture."""
    generator = torch.Generator().manual_seed(7)
    ids = torch.randint(0, 250, (2, 24), generator=generator)
    ids[:, 3:7] = model.config.image_token_index
    pixels = torch.randn(2, 3, 28, 28, generator=generator).to(model.dtype)
    result: torch.Tensor = model(input_ids=ids, pixel_values=pixels).logits
    return result
