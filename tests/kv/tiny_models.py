"""Random tiny LLaVA models in fp64 with sdpa, built without a file or a hub."""

from __future__ import annotations

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

IMAGE = 99
IMAGE_TOKENS = 64
VOCABULARY = 100


def text_config(decoder: str) -> Any:
    """Two layers, D = 32; Gemma with one kv head (MQA), Qwen2 with two (GQA, biases)."""
    sizes: dict[str, Any] = {
        "vocab_size": VOCABULARY,
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": 512,
    }
    if decoder == "gemma":
        return GemmaConfig(**sizes, num_key_value_heads=1, head_dim=32)
    config = LlamaConfig if decoder == "llama" else Qwen2Config
    return config(**sizes, num_key_value_heads=2, head_dim=16)


def tiny_llava(decoder: str = "llama") -> LlavaForConditionalGeneration:
    """A model whose image takes 64 tokens."""
    torch.manual_seed(7)
    vision = CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=32,
        patch_size=4,
    )
    config = LlavaConfig(
        vision_config=vision,
        text_config=text_config(decoder),
        image_token_index=IMAGE,
        image_seq_length=IMAGE_TOKENS,
    )
    config._attn_implementation = "sdpa"
    return LlavaForConditionalGeneration(config).double().eval()


def prompt(question: list[int]) -> torch.Tensor:
    """Five tokens, the image, a question: [1, 69 + question]."""
    return torch.tensor([[1, 5, 6, 7, 8, *[IMAGE] * IMAGE_TOKENS, *question]])


def picture(seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(1, 3, 32, 32, generator=generator, dtype=torch.float64)
