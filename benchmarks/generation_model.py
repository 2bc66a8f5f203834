"""A seeded random LLaVA of a given geometry, with a word tokenizer, written as a checkpoint."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    PreTrainedTokenizerFast,
)
from transformers.models.llava.image_processing_pil_llava import LlavaImageProcessorPil

from lvlm_compress.benchmarks.types import Example, ImageSource

SPECIALS = ["<unk>", "<s>", "</s>", "<pad>", "<image>"]


def build_tokenizer(vocabulary: int) -> PreTrainedTokenizerFast:
    words = [*SPECIALS, *(f"w{i}" for i in range(vocabulary - len(SPECIALS)))]
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]
    )
    tokenizer.add_special_tokens(SPECIALS)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", pad_token="<pad>"
    )


def config(geometry: dict[str, Any]) -> LlavaConfig:
    see, say = geometry["vision"], geometry["decoder"]
    text = LlamaConfig(
        vocab_size=geometry["vocabulary"],
        hidden_size=say["hidden"],
        intermediate_size=say["mlp"],
        num_hidden_layers=say["layers"],
        num_attention_heads=say["heads"],
        num_key_value_heads=say["kv_heads"],
        max_position_embeddings=8192,
        pad_token_id=3,
        bos_token_id=1,
        eos_token_id=None,
    )
    vision = CLIPVisionConfig(
        hidden_size=see["hidden"],
        intermediate_size=see["mlp"],
        num_hidden_layers=see["layers"],
        num_attention_heads=see["heads"],
        image_size=see["image"],
        patch_size=see["patch"],
        projection_dim=see["hidden"],
    )
    return LlavaConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=4,
        vision_feature_select_strategy="default",
        vision_feature_layer=-2,
    )


def save(geometry: dict[str, Any], folder: Path) -> Path:
    torch.manual_seed(geometry["seed"])
    model = LlavaForConditionalGeneration(config(geometry))
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() >= 2:
                parameter.normal_(0, 1.3 / parameter.shape[-1] ** 0.5)
    model.generation_config.eos_token_id = None
    model.save_pretrained(folder)
    build_tokenizer(geometry["vocabulary"]).save_pretrained(folder)
    side = geometry["vision"]["image"]
    LlavaImageProcessorPil(
        size={"shortest_edge": side}, crop_size={"height": side, "width": side}
    ).save_pretrained(folder)
    return folder


def questions(geometry: dict[str, Any], folder: Path, per_image: int) -> list[Example]:
    draw = random.Random(geometry["seed"])
    made = []
    for i in range(geometry["images"]):
        file = folder / f"{i}.png"
        pixels = np.random.default_rng(i).integers(0, 255, (12, 12, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((336, 336), Image.Resampling.NEAREST).save(file)
        for q in range(per_image):
            count = draw.randint(*geometry["question_tokens"])
            words = " ".join(f"w{draw.randrange(2000)}" for _ in range(count))
            made.append(Example(f"{i}-{q}", words, ImageSource(file, file.name), str(i)))
    return made


def system(geometry: dict[str, Any]) -> str:
    return " ".join(f"w{i}" for i in range(geometry["system_tokens"])) + " "
