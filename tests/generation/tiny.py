"""A random LLaVA with the real classes, small enough for tests: 256 image tokens, KV width 128."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

SIDE, PATCH = 128, 8
WORDS = [f"w{i}" for i in range(60)]
STOPS = 12


def build_tokenizer(extra: tuple[str, ...] = ()):
    """Word-level; `<s>` in front, the last STOPS words double as stop tokens of the model."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    specials = ["<unk>", "<s>", "</s>", "<pad>", "<image>", *extra]
    vocabulary = {token: i for i, token in enumerate([*specials, *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]
    )
    tokenizer.add_special_tokens(specials)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="<unk>",
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        extra_special_tokens={"image_token": "<image>"},
    )


def text_config(vocabulary: int, heads: int = 4, kv_heads: int = 4, layers: int = 2):
    """A Llama decoder of hidden size 128, head_dim 32."""
    from transformers import LlamaConfig

    return LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=128,
        intermediate_size=160,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        head_dim=32,
        max_position_embeddings=2048,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=3,
    )


def vision_config():
    from transformers import CLIPVisionConfig

    return CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=SIDE,
        patch_size=PATCH,
        projection_dim=32,
    )


def scramble(model) -> None:
    """Weights large enough that greedy answers vary with picture and question."""
    import torch

    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() >= 2:
                scale = 1.6 / parameter.shape[-1] ** 0.5
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * scale)


def save_llava(folder: Path, text=None) -> Path:
    """Write a random checkpoint with tokenizer and processor; returns the folder."""
    from transformers import GenerationConfig, LlavaConfig, LlavaForConditionalGeneration
    from transformers.models.llava.image_processing_pil_llava import LlavaImageProcessorPil

    extra = ("<end_of_turn>", "<start_of_turn>")
    tokenizer = build_tokenizer(extra)
    config = LlavaConfig(
        vision_config=vision_config(),
        text_config=text or text_config(len(tokenizer)),
        image_token_index=4,
        vision_feature_select_strategy="default",
        vision_feature_layer=-1,
        image_seq_length=(SIDE // PATCH) ** 2,
    )
    model = LlavaForConditionalGeneration(config)
    scramble(model)
    vocabulary = len(tokenizer)
    model.generation_config = GenerationConfig(
        eos_token_id=[2, *range(vocabulary - STOPS, vocabulary)], pad_token_id=3, bos_token_id=1
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    LlavaImageProcessorPil(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
    ).save_pretrained(folder)
    return folder


def picture(seed: int, size: tuple[int, int] = (SIDE, SIDE)) -> Image.Image:
    """Random blocks of colour."""
    small = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.NEAREST)


def examples(folder: Path, images: int = 3, questions: int = 3, blind: int = 1) -> list:
    """Questions of different lengths about saved pictures, and text-only ones."""
    from lvlm_compress.benchmarks.types import Example, ImageSource

    made = []
    for i in range(images):
        file = folder / f"{i}.png"
        picture(i).save(file)
        for q in range(questions):
            words = " ".join(WORDS[(7 * i + 5 * q + k) % 48] for k in range(1 + 4 * q + i))
            made.append(Example(f"{i}-{q}", words, ImageSource(file, file.name), str(i)))
    for b in range(blind):
        made.append(Example(f"blind-{b}", " ".join(WORDS[b : b + 5 + b]), None, f"b{b}"))
    return made
