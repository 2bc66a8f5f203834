"""The architecture: a real LlavaForConditionalGeneration of about two million parameters."""

from __future__ import annotations

import math

import torch
from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

from lvlm_compress.embedded.render import PATCH, SIDE
from lvlm_compress.embedded.words import COLORS, KINDS

WIDTH, LAYERS, HEADS, HEAD_DIM, MLP = 128, 5, 4, 32, 384
ROPE_THETA = 1e5
VISION_LAYERS, VISION_HEADS, VISION_MLP = 2, 4, 256
GRID = SIDE // PATCH
PATCHES = GRID * GRID
REGISTER_CHANNEL = WIDTH - 1
"""The hidden channel that only the register token writes."""
GATE_DIMS = (HEAD_DIM // 2 - 1, HEAD_DIM - 1)
"""The RoPE pair of lowest frequency in each head: zero but for the register's gate."""


def build_config(tokenizer_ids: dict[str, int], vocabulary: int) -> LlavaConfig:
    """``attention_bias`` carries the constant query entry of the register's gate."""
    text = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=WIDTH,
        intermediate_size=MLP,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=HEADS,
        head_dim=HEAD_DIM,
        max_position_embeddings=2048,
        rope_parameters={"rope_type": "default", "rope_theta": ROPE_THETA},
        attention_bias=True,
        tie_word_embeddings=False,
        bos_token_id=tokenizer_ids["bos"],
        eos_token_id=tokenizer_ids["eos"],
        pad_token_id=tokenizer_ids["pad"],
    )
    vision = CLIPVisionConfig(
        hidden_size=WIDTH,
        intermediate_size=VISION_MLP,
        num_hidden_layers=VISION_LAYERS,
        num_attention_heads=VISION_HEADS,
        image_size=SIDE,
        patch_size=PATCH,
        projection_dim=WIDTH,
    )
    return LlavaConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=tokenizer_ids["image"],
        vision_feature_select_strategy="default",
        vision_feature_layer=-1,
        image_seq_length=PATCHES,
        multimodal_projector_bias=True,
    )


def _grid_positions() -> torch.Tensor:
    """2-D sine/cosine codes of the patches, scale 0.25: [256, 128]."""
    steps = torch.arange(GRID, dtype=torch.float32)
    rates = torch.exp(-math.log(100.0) * torch.arange(WIDTH // 4) / (WIDTH // 4))
    angles = steps[:, None] * rates * (math.pi / 4)
    code = torch.cat([angles.sin(), angles.cos()], dim=1)
    rows = code[:, None, :].expand(GRID, GRID, -1)
    columns = code[None, :, :].expand(GRID, GRID, -1)
    return 0.25 * torch.cat([rows, columns], dim=-1).reshape(PATCHES, WIDTH)


def build_model(config: LlavaConfig, seed: int) -> LlavaForConditionalGeneration:
    """Freshly initialised weights (fp32), the reserved entries already zero."""
    torch.manual_seed(seed)
    model = LlavaForConditionalGeneration(config).float()
    with torch.no_grad():
        embeddings = (
            model.model.vision_tower.vision_model.embeddings
            if hasattr(model.model.vision_tower, "vision_model")
            else model.model.vision_tower.embeddings
        )
        embeddings.position_embedding.weight[1:] = _grid_positions()
        for name, value in model.named_parameters():
            if "multi_modal_projector" in name and value.dim() == 2:
                value.normal_(0, 1 / math.sqrt(WIDTH))
        model.get_input_embeddings().weight.normal_(0, 0.5)
        for layer in model.model.language_model.layers:
            for linear in _linears(layer):
                linear.weight.normal_(0, 0.5 / math.sqrt(linear.in_features))
                if linear.bias is not None:
                    linear.bias.zero_()
        model.lm_head.weight.normal_(0, 0.5 / math.sqrt(WIDTH))
    reserve(model)
    return model


def _linears(layer: torch.nn.Module) -> list[torch.nn.Linear]:
    return [module for module in layer.modules() if isinstance(module, torch.nn.Linear)]


@torch.no_grad()
def reserve(model: LlavaForConditionalGeneration) -> None:
    """Set the reserved channel and RoPE pair to zero (spec/embedded-model.md section 3.3)."""
    channel = REGISTER_CHANNEL
    model.get_input_embeddings().weight[:, channel] = 0
    projector = model.model.multi_modal_projector.linear_2
    projector.weight[channel] = 0
    projector.bias[channel] = 0
    model.lm_head.weight[:, channel] = 0
    rows = [head * HEAD_DIM + dim for head in range(HEADS) for dim in GATE_DIMS]
    for layer in model.model.language_model.layers:
        attention, mlp = layer.self_attn, layer.mlp
        for linear in (
            attention.q_proj,
            attention.k_proj,
            attention.v_proj,
            mlp.gate_proj,
            mlp.up_proj,
        ):
            linear.weight[:, channel] = 0
        for linear in (attention.o_proj, mlp.down_proj):
            linear.weight[channel] = 0
        attention.q_proj.weight[rows] = 0
        attention.k_proj.weight[rows] = 0


CONCEPTS = KINDS + COLORS
