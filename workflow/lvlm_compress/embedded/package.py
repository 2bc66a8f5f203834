"""``python -m lvlm_compress.embedded.package RUN --models DIR``: both shipped folders.

Reads ``state.pt`` and the logs of a training run, writes ``tiny-llava-plain`` and ``tiny-llava``:
configuration, fp16 safetensors, tokenizer, processor, training record, and a manifest.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from transformers import GenerationConfig, LlavaForConditionalGeneration, PreTrainedTokenizerFast

from lvlm_compress.embedded.calibrate import extent
from lvlm_compress.embedded.outliers import Outliers, add_outliers, plain_registers
from lvlm_compress.embedded.register import install
from lvlm_compress.embedded.tokens import REGISTER
from lvlm_compress.embedded.train import fresh

log = logging.getLogger(__name__)
PLAIN, OUTLIER = "tiny-llava-plain", "tiny-llava"
MANIFEST = "manifest.json"


@torch.no_grad()
def rounded(model: LlavaForConditionalGeneration) -> LlavaForConditionalGeneration:
    """The model with weights that fp16 holds exactly; factors of two then change no digit."""
    for parameter in model.parameters():
        parameter.copy_(parameter.half().float())
    return model


def twins(
    model: LlavaForConditionalGeneration, tokenizer: PreTrainedTokenizerFast, outliers: Outliers
) -> dict[str, LlavaForConditionalGeneration]:
    """The plain model with its inert register and the outlier model, in fp32."""
    base = rounded(model).eval()
    size = extent(base, tokenizer)
    token = tokenizer.convert_tokens_to_ids(REGISTER)
    loud = copy.deepcopy(base)
    install(base, token, plain_registers(size))
    add_outliers(loud, token, size, outliers)
    return {PLAIN: base, OUTLIER: loud}


def write_manifest(folder: Path) -> None:
    """sha256 of every file of the folder but the manifest."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    sums = {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
    (folder / MANIFEST).write_text(json.dumps({"files": sums}, indent=1) + "\n")


def save(
    model: LlavaForConditionalGeneration, processor: Any, folder: Path, record: dict[str, Any]
) -> None:
    """One checkpoint folder."""
    folder.mkdir(parents=True, exist_ok=True)
    config = model.config.text_config
    model.generation_config = GenerationConfig(
        bos_token_id=config.bos_token_id,
        eos_token_id=config.eos_token_id,
        pad_token_id=config.pad_token_id,
    )
    copy.deepcopy(model).half().save_pretrained(folder)
    processor.save_pretrained(folder)
    for name, value in record.items():
        (folder / name).write_text(json.dumps(value, indent=1) + "\n")
    write_manifest(folder)


def record(run: Path, name: str, outliers: Outliers) -> dict[str, Any]:
    """Training log, recipe and accuracies of a run, and what was put into the weights."""
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    tower = json.loads((run / "tower.json").read_text())
    kept = {"training.json": {"tower": tower, "steps": lines}}
    for file in ("recipe.json", "accuracy.json"):
        kept[file] = json.loads((run / file).read_text())
    if name == OUTLIER:
        kept["outliers.json"] = asdict(outliers)
    return kept


def load_run(run: Path) -> tuple[LlavaForConditionalGeneration, PreTrainedTokenizerFast, Any]:
    """The trained model of a run with its tokenizer and processor."""
    seed = json.loads((run / "recipe.json").read_text())["seed"]
    model, tokenizer, processor = fresh(seed)
    model.load_state_dict(torch.load(run / "state.pt", weights_only=True))
    return model, tokenizer, processor


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--models", type=Path, required=True)
    arguments = parser.parse_args()
    model, tokenizer, processor = load_run(arguments.run)
    outliers = Outliers()
    for name, twin in twins(model, tokenizer, outliers).items():
        save(twin, processor, arguments.models / name, record(arguments.run, name, outliers))


if __name__ == "__main__":
    main()
