"""``python -m lvlm_compress.models.convert_qwen_vl SRC DST``: the original Qwen-VL, made loadable.

SRC is a local copy of Qwen/Qwen-VL with its config.json, qwen.tiktoken and weights (safetensors,
or pytorch_model*.bin, which are read as tensors only); none of its code is run. DST is a new folder
that family `qwen_vl` loads. One weight file is in memory at a time.
"""

from __future__ import annotations

import argparse
import json
import logging
import pickle
import sys
import tempfile
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import GenerationConfig
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from lvlm_compress.errors import UserError, exit_with
from lvlm_compress.models import checkpoint, qwen_vl_tokenizer
from lvlm_compress.models.qwen_vl_config import QwenVLConfig, converted
from lvlm_compress.models.qwen_vl_model import QwenVLForConditionalGeneration
from lvlm_compress.models.qwen_vl_weights import native

log = logging.getLogger(__name__)
INDICES = (checkpoint.INDEX, "pytorch_model.bin.index.json")
SINGLES = (checkpoint.SINGLE, "pytorch_model.bin")


def convert(source: Path, target: Path) -> None:
    """Convert a folder; nothing is left at `target` unless everything fits.

    Raises:
        UserError: a missing or broken file, another model, or parameters left over or missing.
    """
    if target.exists():
        raise UserError(f"{target} exists already; name a new folder or remove it.")
    ranks = qwen_vl_tokenizer.read_ranks(source / qwen_vl_tokenizer.FILE)
    file = source / "config.json"
    config = converted(checkpoint.read_json(file), len(ranks), file)
    tokenizer = qwen_vl_tokenizer.tokenizer(ranks)
    pad = tokenizer.convert_tokens_to_ids(qwen_vl_tokenizer.IMAGE_PAD)
    if pad != config.image_token_id:
        raise UserError(
            f"{file} puts {qwen_vl_tokenizer.IMAGE_PAD} at id {config.image_token_id}, but after "
            f"{qwen_vl_tokenizer.FILE} it is {pad}; the files belong to different checkpoints."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as staging:
        made = Path(staging) / "converted"
        made.mkdir()
        convert_weights(source, made, config)
        config.architectures = [QwenVLForConditionalGeneration.__name__]
        config.save_pretrained(made)
        tokenizer.save_pretrained(made)
        GenerationConfig(eos_token_id=len(ranks), pad_token_id=len(ranks)).save_pretrained(made)
        pictures(config).save_pretrained(made)
        made.rename(target)


def convert_weights(source: Path, target: Path, config: QwenVLConfig) -> None:
    """Write the weights file by file, with an index; UserError unless they are exactly complete."""
    with torch.device("meta"):
        state = QwenVLForConditionalGeneration(config).state_dict()
    expected = {name: tuple(tensor.shape) for name, tensor in state.items()}
    files = weight_files(source)
    weight_map: dict[str, str] = {}
    for number, file in enumerate(files, start=1):
        log.info("%s, %d of %d", file.name, number, len(files))
        tensors = _native(read_tensors(file), file)
        for name, tensor in tensors.items():
            if expected.get(name) != tuple(tensor.shape):
                raise UserError(
                    f"{file} makes {name} of shape {tuple(tensor.shape)} where config.json asks "
                    f"for {expected.get(name)}; it belongs to another checkpoint."
                )
        shard = f"model-{number:05d}-of-{len(files):05d}.safetensors"
        save_file(tensors, target / shard, metadata={"format": "pt"})
        weight_map |= dict.fromkeys(tensors, shard)
    if missing := sorted(expected.keys() - weight_map.keys()):
        raise UserError(
            f"The weight files in {source} lack {len(missing)} of {len(expected)} parameters, the "
            f"first is {missing[0]}; fetch the checkpoint again."
        )
    index = {"metadata": {}, "weight_map": weight_map}
    (target / checkpoint.INDEX).write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")


def weight_files(folder: Path) -> list[Path]:
    """The checkpoint's weight files, safetensors before .bin; UserError if one is missing."""
    for index, single in zip(INDICES, SINGLES, strict=True):
        if (folder / index).is_file():
            names = sorted(set(checkpoint.read_json(folder / index)["weight_map"].values()))
            if missing := [name for name in names if not (folder / name).is_file()]:
                raise UserError(
                    f"{folder} lacks {len(missing)} of {len(names)} weight files named in {index}: "
                    f"{', '.join(missing)}; fetch the checkpoint again."
                )
            return [folder / name for name in names]
        if (folder / single).is_file():
            return [folder / single]
    raise UserError(f"{folder} has none of {', '.join(INDICES + SINGLES)}; fetch its weights.")


def read_tensors(file: Path) -> dict[str, Tensor]:
    """Tensors of a weight file. A .bin is unpickled as tensors only, never as code."""
    try:
        if file.suffix == ".safetensors":
            tensors: dict[str, Tensor] = load_file(file)
        else:
            tensors = torch.load(file, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise UserError(f"{file} can't be read: {error}; fetch the checkpoint again.") from error
    return tensors


def _native(tensors: dict[str, Tensor], file: Path) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    for name in list(tensors):
        try:
            found |= native(name, tensors.pop(name))
        except KeyError as error:
            raise UserError(
                f"{file} holds a parameter {name}, which the original Qwen-VL does not have; it "
                "belongs to another model."
            ) from error
    return found


def pictures(config: QwenVLConfig) -> CLIPImageProcessorPil:
    """The original's preparation: bicubic to a square whatever the shape, CLIP's mean and std."""
    side = config.vision_config.image_size
    return CLIPImageProcessorPil(size={"height": side, "width": side}, do_center_crop=False)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m lvlm_compress.models.convert_qwen_vl")
    parser.add_argument("source", type=Path, help="folder of the original Qwen-VL")
    parser.add_argument("target", type=Path, help="new folder")
    arguments = parser.parse_args()
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO, stream=sys.stderr)
    try:
        convert(arguments.source, arguments.target)
    except UserError as error:
        exit_with(error)


if __name__ == "__main__":
    main()
