"""A random Qwen-VL as its authors wrote it: names and shapes of modeling_qwen.py and visual.py."""

from __future__ import annotations

import base64
import json
from itertools import product
from pathlib import Path

LETTERS = "abcdefghijklmnop"
PAIRS = [(a + b).encode() for a, b in product(LETTERS, repeat=2)]
WORDS = [b" " + pair for pair in PAIRS] + [a + b for a, b in zip(PAIRS, PAIRS[7:], strict=False)]
TOKENS = [bytes([value]) for value in range(256)] + PAIRS + WORDS
EOS = len(TOKENS)
IMAGE_START = EOS + 3 + 205 + 6
VOCABULARY = IMAGE_START + 40
HIDDEN, INNER, LAYERS, HEADS = 256, 128, 2, 8
WIDTH, TOWER_INNER, TOWER_LAYERS, TOWER_HEADS, PATCH, SIDE = 32, 157, 2, 2, 4, 80

CONFIG = {
    "model_type": "qwen",
    "architectures": ["QWenLMHeadModel"],
    "hidden_size": HIDDEN,
    "intermediate_size": 2 * INNER,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "kv_channels": HIDDEN // HEADS,
    "layer_norm_epsilon": 1e-06,
    "rotary_emb_base": 10000,
    "rotary_pct": 1.0,
    "no_bias": True,
    "seq_length": 2048,
    "max_position_embeddings": 8192,
    "tie_word_embeddings": False,
    "use_dynamic_ntk": True,
    "use_logn_attn": True,
    "torch_dtype": "float32",
    "vocab_size": VOCABULARY,
    "visual": {
        "heads": TOWER_HEADS,
        "image_size": SIDE,
        "image_start_id": IMAGE_START,
        "layers": TOWER_LAYERS,
        "mlp_ratio": 4.9231,
        "output_dim": HIDDEN,
        "patch_size": PATCH,
        "width": WIDTH,
    },
}


def shapes() -> dict[str, tuple[int, ...]]:
    """Every parameter of the original, with the published sizes replaced by tiny ones."""
    found: dict[str, tuple[int, ...]] = {
        "transformer.wte.weight": (VOCABULARY, HIDDEN),
        "transformer.ln_f.weight": (HIDDEN,),
        "lm_head.weight": (VOCABULARY, HIDDEN),
    }
    for layer in range(LAYERS):
        found |= {
            f"transformer.h.{layer}.{name}": shape
            for name, shape in {
                "ln_1.weight": (HIDDEN,),
                "attn.c_attn.weight": (3 * HIDDEN, HIDDEN),
                "attn.c_attn.bias": (3 * HIDDEN,),
                "attn.c_proj.weight": (HIDDEN, HIDDEN),
                "ln_2.weight": (HIDDEN,),
                "mlp.w1.weight": (INNER, HIDDEN),
                "mlp.w2.weight": (INNER, HIDDEN),
                "mlp.c_proj.weight": (HIDDEN, INNER),
            }.items()
        }
    visual = {
        "conv1.weight": (WIDTH, 3, PATCH, PATCH),
        "positional_embedding": (256, WIDTH),
        "proj": (HIDDEN, HIDDEN),
        "attn_pool.pos_embed": (256, HIDDEN),
        "attn_pool.query": (256, HIDDEN),
        "attn_pool.kv_proj.weight": (HIDDEN, WIDTH),
        "attn_pool.attn.in_proj_weight": (3 * HIDDEN, HIDDEN),
        "attn_pool.attn.in_proj_bias": (3 * HIDDEN,),
        **_linear("attn_pool.attn.out_proj", HIDDEN, HIDDEN),
        **_norm("ln_pre", WIDTH),
        **_norm("ln_post", HIDDEN),
        **_norm("attn_pool.ln_q", HIDDEN),
        **_norm("attn_pool.ln_kv", HIDDEN),
    }
    for layer in range(TOWER_LAYERS):
        block = f"transformer.resblocks.{layer}"
        visual |= {
            **_norm(f"{block}.ln_1", WIDTH),
            **_linear(f"{block}.attn.in_proj", 3 * WIDTH, WIDTH),
            **_linear(f"{block}.attn.out_proj", WIDTH, WIDTH),
            **_norm(f"{block}.ln_2", WIDTH),
            **_linear(f"{block}.mlp.c_fc", TOWER_INNER, WIDTH),
            **_linear(f"{block}.mlp.c_proj", WIDTH, TOWER_INNER),
        }
    return found | {f"transformer.visual.{name}": shape for name, shape in visual.items()}


def _linear(name: str, rows: int, columns: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (rows, columns), f"{name}.bias": (rows,)}


def _norm(name: str, size: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (size,), f"{name}.bias": (size,)}


def parameters():
    """Random values, large enough that answers vary; only tokens of the text are ever likely."""
    import torch

    generator = torch.Generator().manual_seed(1)
    made = {}
    for name, shape in shapes().items():
        values = torch.randn(shape, generator=generator)
        if len(shape) > 1:
            made[name] = values * 1.6 / values[0].numel() ** 0.5
        else:
            made[name] = 0.1 * values + (name.endswith("weight"))
    made["transformer.visual.attn_pool.pos_embed"] = sincos(16, HIDDEN)
    made["lm_head.weight"][EOS + 1 :] = 0
    return made


def sincos(side: int, size: int):
    """Half of the channels for the column, half for the row; sines, then cosines."""
    import torch

    quarter = size // 4
    places = torch.arange(side * side)
    speeds = 10000.0 ** (-torch.arange(quarter) / quarter)
    angles = [axis[:, None] * speeds for axis in (places % side, places // side)]
    return torch.cat([part for angle in angles for part in (angle.sin(), angle.cos())], dim=1)


def write(folder: Path, tensors=None, **changes) -> Path:
    """Configuration, tokenizer file and one safetensors file; returns the folder."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG | changes))
    lines = (f"{base64.b64encode(t).decode()} {rank}\n" for rank, t in enumerate(TOKENS))
    (folder / "qwen.tiktoken").write_text("".join(lines))
    save_file(parameters() if tensors is None else tensors, folder / "model.safetensors")
    return folder
