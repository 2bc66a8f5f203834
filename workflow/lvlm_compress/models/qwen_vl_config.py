"""What a converted Qwen-VL says of itself in config.json, and how it is read off the original's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers.configuration_utils import PreTrainedConfig
from transformers.models.auto.configuration_auto import AutoConfig
from transformers.models.qwen2.configuration_qwen2 import Qwen2Config

from lvlm_compress.errors import UserError

ORIGINAL = "qwen"
# The original's modules fix these two: rows of `positional_embedding`, and the head size of the
# resampler's attention.
POSITIONS, RESAMPLER_HEAD = 256, 128
QUERIES = 256


class QwenVLVisionConfig(PreTrainedConfig):  # type: ignore[misc]
    """Sizes of tower and resampler; the defaults are the published model's."""

    model_type = "qwen_vl_vision"
    image_size: int = 448
    patch_size: int = 14
    width: int = 1664
    layers: int = 48
    heads: int = 16
    mlp_width: int = 8192
    output_dim: int = 4096
    n_queries: int = QUERIES
    positions: int = POSITIONS
    resampler_heads: int = 32


class QwenVLConfig(PreTrainedConfig):  # type: ignore[misc]
    """A Qwen2 decoder behind a tower; image_token_id stands where a picture's tokens go."""

    model_type = "qwen_vl"
    sub_configs_defaults = {  # noqa: RUF012 - transformers' own way to declare them
        "text_config": Qwen2Config,
        "vision_config": QwenVLVisionConfig,
    }
    text_config: Any = None
    vision_config: Any = None
    image_token_id: int = 151859
    tie_word_embeddings: bool = False


# So that AutoTokenizer knows the config.json beside the tokenizer's files.
AutoConfig.register(QwenVLConfig.model_type, QwenVLConfig, exist_ok=True)


def converted(source: Mapping[str, Any], eos: int, file: Path) -> QwenVLConfig:
    """The native config of an original one.

    source: the original's config.json. eos: id of <|endoftext|>. file: named in messages.

    Raises:
        UserError: no Qwen-VL, or one with arithmetic that the Qwen2 decoder does not have.
    """
    if source.get("model_type") != ORIGINAL or "visual" not in source:
        raise UserError(
            f"{file} describes no original Qwen-VL (model_type '{ORIGINAL}' with a key 'visual'); "
            "give the folder of Qwen/Qwen-VL."
        )
    required = {"no_bias": True, "rotary_pct": 1.0, "tie_word_embeddings": False}
    for key, value in required.items():
        if source.get(key, value) != value:
            raise UserError(
                f"{file} has {key} = {source[key]}, but only {value} is converted; it is another "
                "model than Qwen-VL."
            )
    return QwenVLConfig(
        text_config=_text(source, eos).to_dict(),
        vision_config=_vision(source["visual"]).to_dict(),
        image_token_id=source["visual"]["image_start_id"] + 2,
        dtype=source.get("torch_dtype"),
    )


def _text(source: Mapping[str, Any], eos: int) -> Qwen2Config:
    """intermediate_size counts gate and up together there, seq_length is where NTK scaling sets in.

    Up to seq_length tokens neither dynamic NTK nor log-n attention changes anything.
    """
    return Qwen2Config(
        vocab_size=source["vocab_size"],
        hidden_size=source["hidden_size"],
        intermediate_size=source["intermediate_size"] // 2,
        num_hidden_layers=source["num_hidden_layers"],
        num_attention_heads=source["num_attention_heads"],
        num_key_value_heads=source["num_attention_heads"],
        rms_norm_eps=source["layer_norm_epsilon"],
        max_position_embeddings=source["seq_length"],
        rope_parameters={
            "rope_type": "default",
            "rope_theta": float(source.get("rotary_emb_base", 10000)),
        },
        eos_token_id=eos,
        pad_token_id=eos,
    )


def _vision(visual: Mapping[str, Any]) -> QwenVLVisionConfig:
    return QwenVLVisionConfig(
        image_size=visual["image_size"],
        patch_size=visual["patch_size"],
        width=visual["width"],
        layers=visual["layers"],
        heads=visual["heads"],
        mlp_width=int(visual["width"] * visual["mlp_ratio"]),
        output_dim=visual["output_dim"],
        n_queries=visual.get("n_queries", QUERIES),
        resampler_heads=visual["output_dim"] // RESAMPLER_HEAD,
    )
