"""Stage 0: vision tower, projector and word embeddings learn the dense patch labels together."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import LlavaForConditionalGeneration, PreTrainedTokenizerFast

from lvlm_compress.embedded.draws import Draws
from lvlm_compress.embedded.labels import FAMILIES, IGNORED, patch_labels
from lvlm_compress.embedded.model import WIDTH, reserve
from lvlm_compress.embedded.pictures import pixel_values
from lvlm_compress.embedded.scene import Scene, Thing, draw_person, draw_scene
from lvlm_compress.embedded.words import COLORS, SIGNS

log = logging.getLogger(__name__)
SCALE = 0.2
_WEIGHTS = {"kind": 3.0, "color": 2.0}


class WordTargets(nn.Module):
    """One vector a class: the decoder's embedding of the word where the word is one token."""

    def __init__(
        self, model: LlavaForConditionalGeneration, tokenizer: PreTrainedTokenizerFast
    ) -> None:
        super().__init__()
        self.embedding = model.get_input_embeddings()
        self.token_ids = {
            name: [self._word_id(tokenizer, word) for word in words]
            for name, words in FAMILIES.items()
        }
        self.extra = nn.ParameterDict(
            {
                name: nn.Parameter(torch.randn(len(words), WIDTH) * 0.5)
                for name, words in FAMILIES.items()
            }
        )

    @staticmethod
    def _word_id(tokenizer: PreTrainedTokenizerFast, word: str) -> int:
        ids = tokenizer.encode(f" {word}", add_special_tokens=False)
        return ids[0] if len(ids) == 1 else -1

    def forward(self, family: str) -> torch.Tensor:
        """Class vectors of a family: [classes, width]."""
        ids = torch.tensor(self.token_ids[family])
        words = self.embedding(ids.clamp(min=0))
        return torch.where((ids >= 0)[:, None], words, self.extra[family])


def features(model: LlavaForConditionalGeneration, pixels: torch.Tensor) -> torch.Tensor:
    """What the tower hands to the projector: [pictures, 256, width]."""
    hidden: torch.Tensor = model.model.vision_tower(pixels).last_hidden_state[:, 1:]
    return hidden


def project(model: LlavaForConditionalGeneration, hidden: torch.Tensor) -> torch.Tensor:
    """Image tokens of the decoder: [pictures, 256, width]."""
    tokens: torch.Tensor = model.model.multi_modal_projector(hidden)
    return tokens


def any_scene(draws: Draws) -> Scene:
    """People and things."""
    return draw_person(draws) if draws.chance(0.3) else draw_scene(draws, 2, 8)


def crowded_scene(draws: Draws) -> Scene:
    """Many things, most of them signs: glyphs take longest to learn."""
    if draws.chance(0.15):
        return draw_person(draws)
    scene = draw_scene(draws, 4, 12)
    things = tuple(
        Thing(draws.pick(SIGNS), draws.pick(COLORS), thing.cell) if draws.chance(0.6) else thing
        for thing in scene.things
    )
    return Scene(scene.place, things)


def _loss(
    tokens: torch.Tensor, labels: torch.Tensor, targets: WordTargets
) -> tuple[torch.Tensor, dict[str, float]]:
    total, hits = torch.zeros(()), {}
    for i, name in enumerate(FAMILIES):
        wanted = labels[:, i].reshape(-1)
        keep = wanted != IGNORED
        if not keep.any():
            continue
        logits = SCALE * tokens.reshape(-1, WIDTH)[keep].float() @ targets(name).float().T
        wanted = wanted[keep]
        weight = torch.ones(len(FAMILIES[name]))
        if name in ("kind", "color", "gender"):
            weight[-1] = 0.05
        total = total + _WEIGHTS.get(name, 1.0) * functional.cross_entropy(logits, wanted, weight)
        shown = wanted != len(FAMILIES[name]) - 1 if weight[-1] < 1 else torch.ones_like(wanted) > 0
        hits[name] = (logits.argmax(-1) == wanted)[shown].float().mean().item()
    return total, hits


def train_tower(
    model: LlavaForConditionalGeneration,
    tokenizer: PreTrainedTokenizerFast,
    seed: int,
    steps: int,
    draw: Callable[[Draws], Scene],
    batch: int = 16,
) -> list[dict[str, float]]:
    """Train in place; returns the log (share of object patches that are right, per family)."""
    targets = WordTargets(model, tokenizer)
    parts = [model.model.vision_tower, model.model.multi_modal_projector, targets]
    parameters = list({id(p): p for part in parts for p in part.parameters()}.values())
    optimizer = torch.optim.AdamW(parameters, lr=2e-3, betas=(0.9, 0.95), weight_decay=0.01)
    history = []
    start = time.process_time()
    for step in range(steps):
        scenes = [draw(Draws("tower", seed, step, i)) for i in range(batch)]
        labels = torch.from_numpy(np.stack([patch_labels(scene) for scene in scenes]))
        rate = min(1.0, (step + 1) / 30) * 0.5 * (1 + math.cos(math.pi * step / steps))
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * rate
        with torch.autocast("cpu", torch.bfloat16):
            tokens = project(model, features(model, pixel_values(scenes)))
        loss, hits = _loss(tokens, labels, targets)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        reserve(model)
        if step % 50 == 49 or step == steps - 1:
            history.append({"step": step + 1, "cpu_s": time.process_time() - start, **hits})
            log.info("tower %s", history[-1])
    return history
