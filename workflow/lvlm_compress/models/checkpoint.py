"""A checkpoint folder: found, checked before anything is loaded, read with safetensors only."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from lvlm_compress.errors import UserError
from lvlm_compress.models.spec import ModelSpec

DTYPES = {name: getattr(torch, name) for name in ("float16", "bfloat16", "float32", "float64")}
INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"


def folder(spec: ModelSpec) -> Path:
    """The local folder of a model; UserError when it is not there."""
    if spec.path is not None:
        if not (spec.path / "config.json").is_file():
            raise UserError(
                f"{spec.path} is no checkpoint: it has no config.json; set the model's 'path'."
            )
        return spec.path
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        found = snapshot_download(spec.hub, revision=spec.revision, local_files_only=True)
    except LocalEntryNotFoundError as error:
        raise UserError(
            f"Model {spec.where} is not in the local hub cache; run `snakemake fetch` where there "
            "is a network, or set the model's 'path'."
        ) from error
    return Path(found)


def check(path: Path, model_types: Iterable[str]) -> dict[str, Any]:
    """The checkpoint's config.json, once its type and its weight files are right.

    Raises:
        UserError: another architecture than the family's, no safetensors, or a missing shard.
    """
    config: dict[str, Any] = read_json(path / "config.json")
    known = tuple(model_types)
    if config.get("model_type") not in known:
        raise UserError(
            f"{path / 'config.json'} says model_type '{config.get('model_type')}', but the "
            f"configured family loads {' or '.join(known)}; set the model's 'family'."
        )
    check_weights(path)
    return config


def check_weights(path: Path) -> None:
    """UserError unless all safetensors files of the checkpoint are there."""
    if (path / INDEX).is_file():
        shards = sorted(set(read_json(path / INDEX)["weight_map"].values()))
        missing = [shard for shard in shards if not (path / shard).is_file()]
        if missing:
            raise UserError(
                f"{path} lacks {len(missing)} of {len(shards)} weight files named in {INDEX}: "
                f"{', '.join(missing)}; fetch the checkpoint again."
            )
    elif not (path / SINGLE).is_file():
        raise UserError(
            f"{path} has neither {SINGLE} nor {INDEX}; only safetensors checkpoints are loaded."
        )


def read_json(file: Path) -> Any:
    """A JSON file of the checkpoint; UserError if it is missing or broken."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise UserError(f"{file} can't be read: {error}; fetch the checkpoint again.") from error


def dtype(spec: ModelSpec) -> torch.dtype:
    """The torch dtype of a spec."""
    if spec.dtype not in DTYPES:
        raise UserError(f"Unknown dtype '{spec.dtype}'; known are {', '.join(DTYPES)}.")
    found: torch.dtype = DTYPES[spec.dtype]
    return found


def load_weights(model_class: Any, path: Path, spec: ModelSpec) -> Any:
    """The model in evaluation mode; every parameter must come from the checkpoint.

    Raises:
        UserError: weights that don't fit the architecture.
    """
    try:
        model, report = model_class.from_pretrained(
            path,
            dtype=dtype(spec),
            attn_implementation=spec.attention,
            device_map=device_map(spec),
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            output_loading_info=True,
            quantization_config=spec.quantization,
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise UserError(f"The weights in {path} can't be loaded: {error}") from error
    for problem in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if report[problem]:
            names = sorted(str(key) for key in report[problem])
            raise UserError(
                f"The weights in {path} don't fit their config.json: {len(names)} "
                f"{problem.replace('_', ' ')}, the first is {names[0]}; fetch the checkpoint again."
            )
    return model.eval().requires_grad_(False)


def device_map(spec: ModelSpec) -> Any:
    """`auto` spreads over several GPUs, takes the only one, and is nothing on a CPU."""
    if spec.device_map != "auto":
        return spec.device_map
    count = torch.cuda.device_count()
    return None if count == 0 else "cuda:0" if count == 1 else "auto"
