"""A random LLaVA of a given geometry, made on the device itself: no checkpoint on any disk."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from generation_model import build_tokenizer, config
from PIL import Image
from transformers import LlavaForConditionalGeneration
from transformers.models.llava.image_processing_pil_llava import LlavaImageProcessorPil
from transformers.models.llava_next.configuration_llava_next import LlavaNextConfig
from transformers.models.llava_next.image_processing_pil_llava_next import (
    LlavaNextImageProcessorPil,
)
from transformers.models.llava_next.modeling_llava_next import LlavaNextForConditionalGeneration

from lvlm_compress.benchmarks.types import Example, ImageSource
from lvlm_compress.models.llava import Llava
from lvlm_compress.models.llava_next import LlavaNext
from lvlm_compress.models.prompts import PromptStyle
from lvlm_compress.models.spec import ModelSpec
from lvlm_compress.weights.linears import quantized_linears
from lvlm_compress.weights.packed import PackedLinear, PackedWeight
from lvlm_compress.weights.quantizer import quantize

# With normal weights of this size every layer adds a term of about unit size to the residual, so
# fp16 stays finite through 40 layers.
STD = 0.02
IMAGE = 4  # the id of <image> in the word tokenizer


def build(sizes: dict[str, Any], dtype: str, device: torch.device) -> Llava | LlavaNext:
    """The model of a geometry with its word tokenizer; answers never stop before their length."""
    torch.manual_seed(sizes["seed"])
    next_one = sizes["family"] == "llava_next"
    made = LlavaNextForConditionalGeneration if next_one else LlavaForConditionalGeneration
    described = _next_config(sizes) if next_one else config(sizes)
    with device:
        model = made._from_config(
            described, dtype=getattr(torch, dtype), attn_implementation="sdpa"
        )
    randomize(model)
    model.generation_config.eos_token_id = None
    model.generation_config.pad_token_id = 3
    family = LlavaNext if next_one else Llava
    return family(
        spec=ModelSpec(sizes["family"], dtype=dtype),
        model=model.eval().requires_grad_(False),
        tokenizer=build_tokenizer(sizes),
        pictures=_processor(sizes),
        style=PromptStyle(system(sizes), " w7", image="<image> ", pad_square=not next_one),
        image_token_id=IMAGE,
        stop_ids=frozenset(),
    )


@torch.no_grad()
def randomize(model: Any) -> None:
    """Normal matrices; what has one axis (norms, biases) stays as transformers initialises it."""
    for name, parameter in model.named_parameters():
        if parameter.dim() >= 2 or name.endswith("image_newline"):
            parameter.normal_(0, STD)


@torch.no_grad()
def pack_weights(model: Llava | LlavaNext, bits: int, group: int) -> None:
    """Round the decoder's linears to nearest, on their device, and hold them as codes.

    Layout and forward pass are those of an AWQ store at these bits; only the codes differ.
    """
    decoder = model.decoder
    for name, linear in quantized_linears(decoder).items():
        packed = PackedWeight.of(quantize(linear.weight, bits, group), bits, group)
        decoder.set_submodule(name, PackedLinear(packed, linear.bias))


def questions(
    sizes: dict[str, Any], folder: Path, images: int, per_image: int, first: int = 0
) -> list[Example]:
    """Random words about random pictures; first: number of the first picture."""
    made = []
    for i in range(first, first + images):
        file = folder / f"{i}.png"
        pixels = np.random.default_rng(i).integers(0, 255, (12, 16, 3), dtype=np.uint8)
        picture = Image.fromarray(pixels).resize(sizes["picture"], Image.Resampling.NEAREST)
        picture.save(file)
        for q in range(per_image):
            draw = random.Random(f"{sizes['seed']} {i} {q}")
            words = " ".join(
                f"w{draw.randrange(2000)}" for _ in range(draw.randint(*sizes["question_tokens"]))
            )
            made.append(Example(f"{i}-{q}", words, ImageSource(file, file.name), str(i)))
    return made


def system(sizes: dict[str, Any]) -> str:
    """A system prompt of so many words."""
    return " ".join(f"w{i}" for i in range(sizes["system_tokens"])) + " "


def _next_config(sizes: dict[str, Any]) -> LlavaNextConfig:
    plain = config(sizes | {"family": "llava"})
    return LlavaNextConfig(
        vision_config=plain.vision_config,
        text_config=plain.text_config,
        image_token_index=IMAGE,
        image_grid_pinpoints=_tilings(sizes),
    )


def _processor(sizes: dict[str, Any]) -> Any:
    side = sizes["vision"]["image"]
    crop = {"size": {"shortest_edge": side}, "crop_size": {"height": side, "width": side}}
    if sizes["family"] == "llava_next":
        return LlavaNextImageProcessorPil(**crop, image_grid_pinpoints=_tilings(sizes))
    return LlavaImageProcessorPil(**crop)


def _tilings(sizes: dict[str, Any]) -> list[list[int]]:
    """LLaVA-1.6's canvases of up to four tiles."""
    side = sizes["vision"]["image"]
    return [[a * side, b * side] for a, b in ((1, 2), (2, 1), (2, 2), (3, 1), (1, 3))]
