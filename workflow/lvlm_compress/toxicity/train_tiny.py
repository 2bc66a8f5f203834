"""The seeded recipe of the tiny Detoxify checkpoint that the embedded default uses.

    python -m lvlm_compress.toxicity.train_tiny --out DIR

Two BERT layers of width 64 over a word list, trained from nothing on `sentences.py` in about 40
seconds of one core. It flags its words, not meaning: a stand-in for the real checkpoints.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch.nn.functional import binary_cross_entropy_with_logits
from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

from lvlm_compress.artifacts import file_sha256
from lvlm_compress.toxicity.sentences import CLASSES, LETTERS, PUNCTUATION, sentence, words

SEED = 20250501
STEPS = 900
BATCH = 64
# 150 steps at 2e-3 collapse to a constant output; this rate does not.
LEARNING_RATE = 1e-3
MAX_TOKENS = 512
LEAST_DIFFERENCE = 0.4
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def vocabulary() -> list[str]:
    """Word pieces: the sentences' words, and letters for everything else."""
    pieces = [*LETTERS, *(f"##{letter}" for letter in LETTERS)]
    digits = [digit for digit in "0123456789" if digit not in PUNCTUATION]
    numbers = [f"##{digit}" for digit in "0123456789"]
    known = [word for word in words() if len(word) > 1]
    return [*SPECIAL, *PUNCTUATION, *digits, *numbers, *pieces, *known]


def tokenizer() -> BertTokenizer:
    """A lower-casing WordPiece tokenizer of `vocabulary`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vocab.txt"
        path.write_text("\n".join(vocabulary()) + "\n", encoding="utf-8")
        return BertTokenizer(str(path), do_lower_case=True, model_max_length=MAX_TOKENS)


def untrained() -> BertForSequenceClassification:
    """The model before its first step."""
    return BertForSequenceClassification(
        BertConfig(
            vocab_size=len(vocabulary()),
            hidden_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=128,
            max_position_embeddings=MAX_TOKENS,
            num_labels=len(CLASSES),
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            problem_type="multi_label_classification",
        )
    )


def train(steps: int = STEPS) -> tuple[BertForSequenceClassification, float]:
    """Trained model and its mean loss over the last steps; the same on every run of a machine.

    Raises:
        RuntimeError: the training did not converge, which a changed library may cause.
    """
    torch.manual_seed(SEED)
    draws = random.Random(SEED)
    model, tokens = untrained(), tokenizer()
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps)
    losses = [_step(model, tokens, optimizer, schedule, draws) for _ in range(steps)]
    loss = sum(losses[-50:]) / len(losses[-50:])
    if (found := _difference(model.eval(), tokens)) < LEAST_DIFFERENCE:
        raise RuntimeError(f"An unkind word adds only {found:.3f} after {steps} steps.")
    return model, loss


@torch.no_grad()
def _difference(model: BertForSequenceClassification, tokens: BertTokenizer) -> float:
    """What one unkind word adds to the toxicity of a keyword list."""
    inputs = tokens(["kind, lazy, smart", "kind, calm, smart"], return_tensors="pt")
    unkind, kind = torch.sigmoid(model(**inputs).logits[:, 0])
    return float(unkind - kind)


def _step(
    model: BertForSequenceClassification,
    tokens: BertTokenizer,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    draws: random.Random,
) -> float:
    texts, labels = zip(*(sentence(draws) for _ in range(BATCH)), strict=True)
    inputs = tokens(list(texts), return_tensors="pt", padding=True, truncation=True)
    loss = binary_cross_entropy_with_logits(model(**inputs).logits, torch.tensor(labels))
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    optimizer.step()
    schedule.step()
    return float(loss.detach())


def save(model: BertForSequenceClassification, loss: float, folder: Path) -> None:
    """Write the checkpoint: safetensors, config, tokenizer, classes, how it was made, manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(
        {name: tensor.contiguous() for name, tensor in model.state_dict().items()},
        folder / "model.safetensors",
    )
    model.config.save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    detoxify = {
        "model_name": type(model).__name__,
        "tokenizer_name": "BertTokenizer",
        "classes": list(CLASSES),
        "made_by": {"recipe": "lvlm_compress.toxicity.train_tiny", "seed": SEED, "steps": STEPS},
        "loss": round(loss, 4),
    }
    (folder / "detoxify.json").write_text(json.dumps(detoxify, indent=2) + "\n", encoding="utf-8")
    names = sorted(path.name for path in folder.iterdir() if path.name != "manifest.json")
    manifest = {"files": {name: file_sha256(folder / name) for name in names}}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Train and write; one thread, so that the weights do not depend on how many there are."""
    parser = argparse.ArgumentParser(prog="python -m lvlm_compress.toxicity.train_tiny")
    parser.add_argument("--out", type=Path, required=True, help="folder of the new checkpoint")
    options = parser.parse_args()
    torch.set_num_threads(1)
    save(*train(), options.out)


if __name__ == "__main__":
    main()
