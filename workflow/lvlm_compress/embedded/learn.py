"""Stage 1 and 2: projector and decoder learn the question mixture with two throw-away heads.

The grounding head says, at the end of each noun phrase, which cells it names; the option head says,
at the end of each option, whether it is the right one. Both only make the look-ups learn sooner.
"""

from __future__ import annotations

import json
import logging
import math
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional
from transformers import LlavaForConditionalGeneration, PreTrainedTokenizerFast

from lvlm_compress.embedded import forward, tower
from lvlm_compress.embedded.draws import Draws
from lvlm_compress.embedded.mixture import Phase, draw_lesson, phase_at
from lvlm_compress.embedded.model import WIDTH, reserve
from lvlm_compress.embedded.packing import UNTAUGHT, Batch, pack, system_ids
from lvlm_compress.embedded.pictures import pixel_values
from lvlm_compress.embedded.qa import QA
from lvlm_compress.embedded.scene import CELLS

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """Everything that determines a training run besides the code."""

    seed: int = 0
    tower_steps: int = 900
    sign_steps: int = 700
    steps: int = 5000
    pictures: int = 2
    questions: int = 36
    rate: float = 4e-3
    adam_rate: float = 2e-3
    warmup: int = 60
    grounding: float = 0.5
    grounding_layer: int = 3
    option_layer: int = 4
    muon: bool = True


class Heads(nn.Module):
    """The two throw-away heads."""

    def __init__(self) -> None:
        super().__init__()
        self.ground = nn.Linear(WIDTH, CELLS)
        self.option = nn.Linear(WIDTH, 1)


class Course:
    """Model, optimisers and the stream of lessons."""

    def __init__(
        self,
        model: LlavaForConditionalGeneration,
        tokenizer: PreTrainedTokenizerFast,
        recipe: Recipe,
    ) -> None:
        self.model, self.tokenizer, self.recipe = model, tokenizer, recipe
        torch.manual_seed(recipe.seed)
        self.heads = Heads()
        self.system = torch.tensor(system_ids(tokenizer))
        model.model.vision_tower.requires_grad_(False)
        matrices, rest = self._split_parameters()
        self.optimizers: list[torch.optim.Optimizer] = []
        if recipe.muon:
            self.optimizers.append(
                torch.optim.Muon(
                    matrices,
                    lr=recipe.rate,
                    weight_decay=0.02,
                    adjust_lr_fn="match_rms_adamw",
                    ns_steps=4,
                )
            )
        else:
            rest = rest + matrices
        self.optimizers.append(
            torch.optim.AdamW(rest, lr=recipe.adam_rate, betas=(0.9, 0.95), weight_decay=0.01)
        )
        self.parameters = matrices + rest
        self.peaks = [[group["lr"] for group in opt.param_groups] for opt in self.optimizers]

    def _split_parameters(self) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        matrices: list[nn.Parameter] = []
        rest = list(self.heads.parameters())
        rest += list(self.model.model.multi_modal_projector.parameters())
        rest += [self.model.get_input_embeddings().weight, self.model.lm_head.weight]
        decoder = self.model.model.language_model
        rest.append(decoder.norm.weight)
        for name, value in decoder.layers.named_parameters():
            if name.endswith("bias"):
                value.requires_grad_(False)
            else:
                (matrices if value.dim() == 2 else rest).append(value)
        return matrices, rest

    def lessons(self, name: str, step: int, phase: Phase) -> tuple[torch.Tensor, list[list[QA]]]:
        """Tower features and questions of one batch."""
        recipe = self.recipe
        drawn = [
            draw_lesson(Draws(name, recipe.seed, step, i), phase, recipe.questions)
            for i in range(recipe.pictures)
        ]
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            hidden = tower.features(self.model, pixel_values([scene for scene, _ in drawn]))
        return hidden, [qas for _, qas in drawn]

    def states(self, hidden: torch.Tensor, batch: Batch) -> list[torch.Tensor]:
        """Hidden states of the questions."""
        with torch.autocast("cpu", torch.bfloat16):
            image = tower.project(self.model, hidden)
            return forward.run(self.model, self.system, image, batch)

    def logits(self, state: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Logits at the taught tokens: [taught, vocabulary]."""
        taught = state[batch.targets != UNTAUGHT]
        with torch.autocast("cpu", torch.bfloat16):
            out: torch.Tensor = self.model.lm_head(self.model.model.language_model.norm(taught))
        return out.float()

    def loss(
        self, states: list[torch.Tensor], batch: Batch
    ) -> tuple[torch.Tensor, dict[str, float]]:
        """Answers plus the two heads."""
        recipe = self.recipe
        taught = batch.targets != UNTAUGHT
        each = functional.cross_entropy(
            self.logits(states[-1], batch), batch.targets[taught], reduction="none"
        )
        weights = batch.weights[taught]
        answer = (each * weights).sum() / weights.sum()
        parts = {"answer": answer.item()}
        total = answer
        if len(batch.grounds):
            picture, token = batch.grounds.T
            said = self.heads.ground(states[recipe.grounding_layer][picture, token].float())
            ground = functional.binary_cross_entropy_with_logits(
                said, batch.ground_cells, pos_weight=torch.tensor(4.0)
            )
            total = total + recipe.grounding * 4 * ground
            parts["ground"] = ground.item()
        if len(batch.options):
            picture, token = batch.options.T
            said = self.heads.option(states[recipe.option_layer][picture, token].float())[:, 0]
            option = functional.binary_cross_entropy_with_logits(said, batch.option_truth)
            total = total + recipe.grounding * option
            parts["option"] = option.item()
        return total, parts

    def step(self, number: int) -> dict[str, float]:
        """One optimiser step."""
        recipe = self.recipe
        phase = phase_at(number / recipe.steps)
        hidden, lessons = self.lessons("lesson", number, phase)
        batch = pack(lessons, self.tokenizer, len(self.system))
        loss, parts = self.loss(self.states(hidden, batch), batch)
        scale = min(1.0, (number + 1) / recipe.warmup)
        scale *= 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * number / recipe.steps))
        for optimizer, peaks in zip(self.optimizers, self.peaks, strict=True):
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = peak * scale
            optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.parameters, 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
        reserve(self.model)
        return parts

    @torch.no_grad()
    def exam(self, name: str, pictures: int, phase: Phase) -> dict[str, tuple[int, int]]:
        """Right answers and questions per type; equals greedy exact match (all tokens argmax)."""
        tally: dict[str, tuple[int, int]] = {}
        for step in range(pictures // self.recipe.pictures):
            hidden, lessons = self.lessons(name, step, phase)
            batch = pack(lessons, self.tokenizer, len(self.system))
            taught = batch.targets != UNTAUGHT
            right = torch.zeros_like(batch.targets)
            said = self.logits(self.states(hidden, batch)[-1], batch).argmax(-1)
            right[taught] = (said != batch.targets[taught]).long()
            for picture, qas in enumerate(lessons):
                for number, qa in enumerate(qas):
                    wrong = right[picture][batch.questions[picture] == number].any()
                    hits, count = tally.get(qa.kind, (0, 0))
                    tally[qa.kind] = (hits + int(not wrong), count + 1)
        return tally


def percent(tally: dict[str, tuple[int, int]]) -> dict[str, float]:
    """Accuracy in percent per type."""
    return {kind: round(100 * hits / count, 1) for kind, (hits, count) in sorted(tally.items())}


def teach(course: Course, out: Path, every: int = 200) -> None:
    """Run all steps, log and save a checkpoint as it goes."""
    start = time.process_time()
    log_file = out / "log.jsonl"
    sums: dict[str, float] = {}
    for number in range(course.recipe.steps):
        for name, value in course.step(number).items():
            sums[name] = sums.get(name, 0.0) * 0.98 + value * 0.02
        if (number + 1) % every == 0 or number + 1 == course.recipe.steps:
            final = phase_at(1.0)
            entry = {
                "step": number + 1,
                "cpu_s": round(time.process_time() - start, 1),
                "loss": {name: round(value, 4) for name, value in sums.items()},
                "accuracy": percent(course.exam("exam", 16, final)),
            }
            with log_file.open("a") as file:
                file.write(json.dumps(entry) + "\n")
            log.info("%s", entry)
            torch.save(course.model.state_dict(), out / "state.pt")
