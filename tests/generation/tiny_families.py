"""Random checkpoints of the other families, exact in architecture and processor files."""

from __future__ import annotations

from pathlib import Path

from tests.generation import tiny

TILE = 32
PINPOINTS = [[32, 64], [64, 32], [64, 64], [96, 32], [32, 96]]
CHAT = ("<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>")


def finish(model, tokenizer, pictures, folder: Path) -> Path:
    """Scramble the weights, name the stop tokens and write everything."""
    from transformers import GenerationConfig

    tiny.scramble(model)
    vocabulary = len(tokenizer)
    model.generation_config = GenerationConfig(
        eos_token_id=[2, *range(vocabulary - tiny.STOPS, vocabulary)],
        pad_token_id=3,
        bos_token_id=1,
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    pictures.save_pretrained(folder)
    return folder


def save_gemma(folder: Path) -> Path:
    """LLaVA-Gemma: multi-query attention, tied embeddings, head_dim apart from hidden / heads."""
    from transformers import GemmaConfig

    vocabulary = len(tiny.build_tokenizer(("<end_of_turn>", "<start_of_turn>")))
    config = GemmaConfig(
        vocab_size=vocabulary,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=128,
        pad_token_id=3,
        bos_token_id=1,
        eos_token_id=2,
    )
    return tiny.save_llava(folder, config)


def save_llava_next(folder: Path, decoder: str = "llama", side: int = TILE, patch: int = 8) -> Path:
    """LLaVA-1.6 with a Llama (Vicuna) or a Mistral decoder (grouped heads, no window)."""
    from transformers import LlavaNextConfig, LlavaNextForConditionalGeneration, MistralConfig
    from transformers.models.llava_next.image_processing_pil_llava_next import (
        LlavaNextImageProcessorPil,
    )

    tokenizer = tiny.build_tokenizer()
    text = tiny.text_config(len(tokenizer))
    if decoder == "mistral":
        sizes = text.to_dict() | {"num_key_value_heads": 2, "head_dim": 64, "sliding_window": None}
        kept = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers")
        kept += ("num_attention_heads", "num_key_value_heads", "head_dim", "sliding_window")
        text = MistralConfig(**{key: sizes[key] for key in kept}, pad_token_id=3)
    scale = side // TILE
    vision = tiny.vision_config()
    vision.image_size, vision.patch_size = side, patch
    pinpoints = [[height * scale, width * scale] for height, width in PINPOINTS]
    config = LlavaNextConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=4,
        image_grid_pinpoints=pinpoints,
        vision_feature_layer=-2,
    )
    pictures = LlavaNextImageProcessorPil(
        size={"shortest_edge": side},
        crop_size={"height": side, "width": side},
        image_grid_pinpoints=pinpoints,
    )
    return finish(LlavaNextForConditionalGeneration(config), tokenizer, pictures, folder)


def save_qwen(folder: Path, generation: str = "qwen2_vl") -> Path:
    """Qwen2-VL or Qwen2.5-VL: grouped heads, biases, three-axis RoPE."""
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    tokenizer = tiny.build_tokenizer(CHAT)
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": 128,
        "intermediate_size": 160,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 4,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 3,
        "rope_parameters": {
            "rope_type": "default",
            "mrope_section": [4, 6, 6],
            "rope_theta": 10000.0,
        },
    }
    pictures = Qwen2VLImageProcessorPil(
        patch_size=8, merge_size=2, size={"shortest_edge": 32 * 32, "longest_edge": 160 * 160}
    )
    image_token = tokenizer.convert_tokens_to_ids("<|image_pad|>")
    return finish(_qwen(generation, text, image_token), tokenizer, pictures, folder)


def _qwen(generation: str, text: dict, image_token: int):
    from transformers import (
        Qwen2_5_VLConfig,
        Qwen2_5_VLForConditionalGeneration,
        Qwen2VLConfig,
        Qwen2VLForConditionalGeneration,
    )

    common = {"depth": 2, "num_heads": 2, "patch_size": 8, "spatial_merge_size": 2}
    if generation == "qwen2_vl":
        vision = common | {"embed_dim": 32, "hidden_size": 128, "mlp_ratio": 2}
        config = Qwen2VLConfig(text_config=text, vision_config=vision, image_token_id=image_token)
        return Qwen2VLForConditionalGeneration(config)
    vision = common | {"hidden_size": 32, "out_hidden_size": 128, "intermediate_size": 64}
    vision |= {"window_size": 64, "fullatt_block_indexes": [1]}
    config = Qwen2_5_VLConfig(text_config=text, vision_config=vision, image_token_id=image_token)
    return Qwen2_5_VLForConditionalGeneration(config)
