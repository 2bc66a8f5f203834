"""A random LLaVA of 22 million weights, as a checkpoint and as a model."""

from __future__ import annotations

import pytest

DECODER = {
    "vocab_size": 1024,
    "hidden_size": 512,
    "intermediate_size": 1408,
    "num_hidden_layers": 6,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 64,
}


@pytest.fixture(scope="session")
def model():
    import torch
    from transformers import (
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
    )

    vision = CLIPVisionConfig(
        hidden_size=128,
        intermediate_size=512,
        num_hidden_layers=4,
        num_attention_heads=2,
        image_size=112,
        patch_size=14,
    )
    torch.manual_seed(0)
    config = LlavaConfig(vision_config=vision, text_config=LlamaConfig(**DECODER))
    return LlavaForConditionalGeneration(config).eval()


@pytest.fixture(scope="session")
def checkpoint(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mid-size")
    model.save_pretrained(folder)
    return folder
