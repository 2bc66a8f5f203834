"""A seeded random LLaVA of a given geometry, written as a checkpoint any of the peers can load.

Its words are separated by blanks, its chat template makes the same prompt for everyone, and its
head never says a special token, so that no answer ends early.
"""

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
    LlavaNextConfig,
    LlavaNextForConditionalGeneration,
    LlavaNextProcessor,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)
from transformers.models.llava.image_processing_pil_llava import LlavaImageProcessorPil
from transformers.models.llava_next.image_processing_pil_llava_next import (
    LlavaNextImageProcessorPil,
)

from lvlm_compress.benchmarks.types import Example, ImageSource

SPECIALS = ["<unk>", "<s>", "</s>", "<pad>", "<image>"]
# LLaVA-1.6's canvases, in tiles.
CANVASES = ((1, 2), (2, 1), (2, 2), (3, 1), (1, 3))
# lmms-eval hands over one string with the placeholder in it, the others a list of parts.
TEMPLATE = (
    "{% for turn in messages %}SYSTEM {% if turn.content is string %}{{ turn.content }}{% else %}"
    "{% for part in turn.content %}{% if part.type == 'image' %}<image> {% else %}{{ part.text }}"
    "{% endif %}{% endfor %}{% endif %} w7{% endfor %}"
)
FAMILIES: dict[str, tuple[Any, Any, Any, Any]] = {
    "llava": (LlavaConfig, LlavaForConditionalGeneration, LlavaImageProcessorPil, LlavaProcessor),
    "llava_next": (
        LlavaNextConfig,
        LlavaNextForConditionalGeneration,
        LlavaNextImageProcessorPil,
        LlavaNextProcessor,
    ),
}


def build_tokenizer(geometry: dict[str, Any]) -> PreTrainedTokenizerFast:
    words = [*SPECIALS, *(f"w{i}" for i in range(geometry["vocabulary"] - len(SPECIALS)))]
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]
    )
    tokenizer.add_special_tokens(SPECIALS)
    made = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="<unk>",
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        padding_side="left",
    )
    system = " ".join(f"w{i}" for i in range(geometry["system_tokens"]))
    made.chat_template = TEMPLATE.replace("SYSTEM", system)
    return made


def config(geometry: dict[str, Any]) -> Any:
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
    return FAMILIES[geometry["family"]][0](
        vision_config=vision,
        text_config=text,
        image_token_index=SPECIALS.index("<image>"),
        vision_feature_select_strategy="default",
        vision_feature_layer=-2,
        tie_word_embeddings=False,
        **canvases(geometry),
    )


def canvases(geometry: dict[str, Any]) -> dict[str, list[list[int]]]:
    """The sizes that a picture is cut from into tiles, for the family that does."""
    if geometry["family"] != "llava_next":
        return {}
    side = geometry["vision"]["image"]
    return {"image_grid_pinpoints": [[high * side, wide * side] for high, wide in CANVASES]}


def save(geometry: dict[str, Any], folder: Path) -> Path:
    torch.manual_seed(geometry["seed"])
    model = FAMILIES[geometry["family"]][1](config(geometry))
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() >= 2:
                parameter.normal_(0, 1.3 / parameter.shape[-1] ** 0.5)
        model.lm_head.weight[: len(SPECIALS)] = 0
    model.generation_config.eos_token_id = None
    model.save_pretrained(folder)
    save_processor(geometry, folder)
    return folder


def save_processor(geometry: dict[str, Any], folder: Path) -> None:
    *_, pictures, processor = FAMILIES[geometry["family"]]
    side = geometry["vision"]["image"]
    images = pictures(
        size={"shortest_edge": side},
        crop_size={"height": side, "width": side},
        **canvases(geometry),
    )
    tokenizer = build_tokenizer(geometry)
    processor(
        image_processor=images,
        tokenizer=tokenizer,
        patch_size=geometry["vision"]["patch"],
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=tokenizer.chat_template,
    ).save_pretrained(folder)
    images.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def questions(geometry: dict[str, Any], folder: Path, per_image: int) -> list[Example]:
    draw = random.Random(geometry["seed"])
    shape = (geometry["picture"]["width"], geometry["picture"]["height"])
    last = geometry["vocabulary"] - len(SPECIALS)
    made = []
    for i in range(geometry["images"]):
        file = folder / f"{i}.png"
        pixels = np.random.default_rng(i).integers(0, 255, (12, 12, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize(shape, Image.Resampling.NEAREST).save(file)
        for q in range(per_image):
            count = draw.randint(*geometry["question_tokens"])
            words = " ".join(f"w{draw.randrange(last)}" for _ in range(count))
            made.append(Example(f"{i}-{q}", words, ImageSource(file, file.name), str(i)))
    return made
