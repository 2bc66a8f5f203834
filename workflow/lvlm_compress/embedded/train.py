"""``python -m lvlm_compress.embedded.train --out DIR``: the seeded recipe, all phases."""

from __future__ import annotations

import argparse
import json
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from transformers import LlavaForConditionalGeneration, PreTrainedTokenizerFast

from lvlm_compress.embedded.learn import Course, Recipe, teach
from lvlm_compress.embedded.model import build_config, build_model
from lvlm_compress.embedded.render import PATCH, SIDE
from lvlm_compress.embedded.tokens import build_processor, build_tokenizer
from lvlm_compress.embedded.tower import any_scene, crowded_scene, train_tower


def fresh(seed: int) -> tuple[LlavaForConditionalGeneration, PreTrainedTokenizerFast, Any]:
    """An untrained model with its tokenizer and processor."""
    tokenizer = build_tokenizer(seed)
    processor = build_processor(tokenizer, SIDE, PATCH)
    ids = {
        "bos": tokenizer.bos_token_id,
        "eos": tokenizer.eos_token_id,
        "pad": tokenizer.pad_token_id,
        "image": processor.image_token_id,
    }
    return build_model(build_config(ids, len(tokenizer)), seed), tokenizer, processor


def train(recipe: Recipe, out: Path) -> None:
    """Tower, then decoder; leaves state.pt and the logs in ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    model, tokenizer, _ = fresh(recipe.seed)
    seed, state = recipe.seed, torch.get_rng_state()
    history = train_tower(model, tokenizer, seed, recipe.tower_steps, any_scene)
    torch.set_rng_state(state)
    history += train_tower(model, tokenizer, seed + 1, recipe.sign_steps, crowded_scene)
    (out / "tower.json").write_text(json.dumps(history, indent=1))
    torch.save(model.state_dict(), out / "tower.pt")
    (out / "recipe.json").write_text(json.dumps(asdict(recipe), indent=1))
    teach(Course(model, tokenizer, recipe), out)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    train(Recipe(arguments.seed), arguments.out)


if __name__ == "__main__":
    main()
