"""Detoxify checkpoints on disk, read without unpickling objects.

A folder holds `config.json`, tokenizer files and either `model.safetensors` with `detoxify.json`
(`model_name`, `tokenizer_name`, `classes`: what this project ships) or one `*.ckpt` as Detoxify
publishes them (a dict of `config` and `state_dict`). Detoxify's own loader unpickles anything, so
it only ever sees a file that was written here, after a load of tensors and plain values alone.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from lvlm_compress.address import canonical_json, sha256_text
from lvlm_compress.artifacts import file_sha256
from lvlm_compress.benchmarks.files import as_object, field, read_json
from lvlm_compress.errors import UserError

WEIGHTS, DESCRIPTION, MANIFEST = "model.safetensors", "detoxify.json", "manifest.json"
NEEDED = ("config.json", "tokenizer_config.json")


@dataclass(frozen=True)
class Checkpoint:
    """What Detoxify needs to know.

    Attributes:
        model_name: class in transformers, for instance BertForSequenceClassification.
        tokenizer_name: class in transformers.
        classes: names of the outputs, in order.
        state_dict: the weights.
    """

    model_name: str
    tokenizer_name: str
    classes: tuple[str, ...]
    state_dict: Mapping[str, torch.Tensor]


def checkpoint_sha256(folder: Path) -> str:
    """Identity of a checkpoint: the sha256 over its files' names and sha256 (no manifest)."""
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and path.name != MANIFEST]
    return sha256_text(canonical_json({path.name: file_sha256(path) for path in files}))


def read(folder: Path) -> Checkpoint:
    """Read a checkpoint folder.

    Raises:
        UserError: a file is missing or malformed, or holds more than tensors and plain values.
    """
    for name in NEEDED:
        if not (folder / name).is_file():
            raise UserError(
                f"The Detoxify checkpoint {folder} has no {name}; it must hold {NEEDED}."
            )
    if (folder / WEIGHTS).is_file():
        return _from_safetensors(folder)
    published = sorted(folder.glob("*.ckpt"))
    if len(published) != 1:
        raise UserError(
            f"{folder} must hold {WEIGHTS} or exactly one *.ckpt, not {len(published)}."
        )
    return _from_published(published[0])


def write_torch(checkpoint: Checkpoint, folder: Path, file: Path) -> None:
    """Write the file that Detoxify loads.

    `model_type` is the local folder, so that nothing is looked up on a hub.
    """
    arguments = {
        "model_type": str(folder),
        "model_name": checkpoint.model_name,
        "tokenizer_name": checkpoint.tokenizer_name,
        "num_classes": len(checkpoint.classes),
    }
    config = {
        "arch": {"args": arguments},
        "dataset": {"args": {"classes": list(checkpoint.classes)}},
    }
    torch.save({"config": config, "state_dict": dict(checkpoint.state_dict)}, file)


def _from_safetensors(folder: Path) -> Checkpoint:
    file = folder / DESCRIPTION
    try:
        state_dict = load_file(folder / WEIGHTS)
    except (SafetensorError, OSError) as error:
        raise UserError(f"{folder / WEIGHTS} can't be read: {error}.") from None
    return _checked(as_object(read_json(file), str(file)), state_dict, file)


def _from_published(file: Path) -> Checkpoint:
    try:
        loaded = torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise UserError(
            f"{file} holds more than tensors and plain values, or is damaged; it is not loaded:"
            f" {str(error).splitlines()[0]}"
        ) from None
    where = str(file)
    content = as_object(loaded, where)
    config = as_object(content.get("config"), f"{where}, 'config'")
    classes = _entry(config, ("dataset", "args"), where).get("classes")
    described = {**_entry(config, ("arch", "args"), where), "classes": classes}
    return _checked(described, as_object(content.get("state_dict"), f"{where}, 'state_dict'"), file)


def _entry(config: dict[str, Any], keys: tuple[str, ...], where: str) -> dict[str, Any]:
    for key in keys:
        config = as_object(config.get(key), f"{where}, '{'.'.join(keys)}'")
    return config


def _checked(
    described: Mapping[str, Any], state_dict: Mapping[str, torch.Tensor], file: Path
) -> Checkpoint:
    model, tokenizer = (
        field(described, name, str, file, name) for name in ("model_name", "tokenizer_name")
    )
    classes = tuple(str(name) for name in field(described, "classes", list, file, "classes"))
    if not model.endswith("ForSequenceClassification"):
        raise UserError(f"{file}: '{model}' is no classification model of transformers.")
    return Checkpoint(model, tokenizer, classes, state_dict)
