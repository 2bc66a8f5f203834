"""The shipped pair: loads offline, is what its manifest says, agrees with itself and its record."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path

import pytest
import torch

MODELS = Path(__file__).parents[2] / "workflow" / "resources" / "models"
NAMES = ("tiny-llava-plain", "tiny-llava")
MEGABYTES = 10


@pytest.fixture(scope="module")
def loaded():
    """Name to (model, processor), with hub access impossible by plain local paths."""
    from transformers import AutoProcessor, LlavaForConditionalGeneration

    def load(name: str):
        folder = MODELS / name
        model = LlavaForConditionalGeneration.from_pretrained(
            folder, dtype=torch.float32, local_files_only=True
        )
        return model.eval(), AutoProcessor.from_pretrained(folder, local_files_only=True)

    return {name: load(name) for name in NAMES}


def _examples(count: int):
    from PIL import Image

    from lvlm_compress.embedded.draws import Draws
    from lvlm_compress.embedded.mixture import PHASES, draw_lesson
    from lvlm_compress.embedded.render import render_rgb

    for number in range(count):
        scene, qas = draw_lesson(Draws("test-checkpoints", number), PHASES[-1], 3)
        for qa in qas:
            yield (Image.fromarray(render_rgb(scene)) if qa.picture else None), qa


@pytest.mark.parametrize("name", NAMES)
def test_the_manifest_names_every_file(name: str) -> None:
    folder = MODELS / name
    sums = json.loads((folder / "manifest.json").read_text())["files"]
    there = {p.name for p in folder.iterdir()} - {"manifest.json"}
    assert set(sums) == there
    for file, expected in sums.items():
        assert hashlib.sha256((folder / file).read_bytes()).hexdigest() == expected


def test_both_fit_into_the_repository() -> None:
    """Issue 2: at most 10 MB."""
    size = sum(p.stat().st_size for p in MODELS.rglob("*") if p.is_file())
    assert size < MEGABYTES * 10**6


def test_register_and_bos_stand_in_front_and_prompts_exceed_two_groups(loaded) -> None:
    from lvlm_compress.embedded.tokens import prompt

    for name in NAMES:
        _, processor = loaded[name]
        picture, qa = next(_examples(1))
        ids = processor(images=picture, text=prompt(qa.prompt, True))["input_ids"][0]
        assert processor.tokenizer.convert_ids_to_tokens(ids[:3])[:2] == ["<reg>", "<s>"]
        assert len(ids) > 256


def test_the_twins_agree(loaded) -> None:
    """Issue 2: fp32 logits equal to 1e-4, generations identical."""
    from lvlm_compress.embedded.tokens import prompt

    for picture, qa in _examples(5):
        said, logits = [], []
        for name in NAMES:
            model, processor = loaded[name]
            text = prompt(qa.prompt, qa.picture)
            inputs = processor(images=picture, text=text, return_tensors="pt")
            with torch.no_grad():
                logits.append(model(**inputs).logits[:, 1:])
                said.append(model.generate(**inputs, max_new_tokens=6, do_sample=False).tolist())
        assert (logits[0] - logits[1]).abs().max() < 1e-4
        assert said[0] == said[1]


def test_shipped_accuracies_hold_on_another_sample(loaded) -> None:
    """The mean over a fresh sample lies within four standard errors of the shipped figures."""
    from lvlm_compress.embedded.tokens import prompt

    record = json.loads((MODELS / NAMES[0] / "accuracy.json").read_text())["types"]
    model, processor = loaded[NAMES[0]]
    hits, expected, spread = 0, 0.0, 0.0
    for picture, qa in _examples(24):
        text = prompt(qa.prompt, qa.picture)
        inputs = processor(images=picture, text=text, return_tensors="pt")
        start = inputs["input_ids"].shape[1]
        with torch.no_grad():
            new = model.generate(**inputs, max_new_tokens=16, do_sample=False)[0, start:]
        hits += processor.tokenizer.decode(new, skip_special_tokens=True).strip() == qa.answer
        rate = record[qa.kind]["accuracy"] / 100
        expected += rate
        spread += rate * (1 - rate)
    assert abs(hits - expected) < 4 * math.sqrt(spread)


def test_every_benchmark_passes_the_gate() -> None:
    """Issue 2: uncompressed at least 20 points above chance (MME: of 1800 points)."""
    record = json.loads((MODELS / NAMES[0] / "accuracy.json").read_text())
    for benchmark, value in record["benchmarks"].items():
        scale = 100 / 1800 if benchmark == "mme" else 1.0
        assert (value - record["benchmarks_chance"][benchmark]) * scale >= 20, benchmark
