"""A model's sizes, read off the headers of its safetensors files: no weight is loaded, no torch."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

from lvlm_compress.errors import UserError

Shapes = Mapping[str, tuple[int, ...]]
# A vision tower's blocks are `encoder.layers`, `blocks` or `resblocks`, in every family.
BLOCK = re.compile(r"(?:^|\.)(?:language_model|model)\.layers\.(?P<number>\d+)\.(?P<rest>.+)")
INDEX = "model.safetensors.index.json"
LINEARS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True)
class Geometry:
    """Counts of weights and widths in values.

    Attributes:
        parameters: of the whole model.
        linears: weights of the decoder blocks' linear layers, the ones that are quantized.
        layers, hidden, mlp, vocabulary: of the decoder.
        kv_width: KV heads times head size.
    """

    parameters: int
    linears: int
    layers: int
    hidden: int
    mlp: int
    vocabulary: int
    kv_width: int


def read_shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """Shapes of a checkpoint's tensors by name; empty where no safetensors file lies there.

    Raises:
        UserError: a file that is no safetensors file, or a shard that is not there.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    index = folder / INDEX
    if index.is_file():
        # Other files may hold the same weights under other names.
        shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        files = [folder / name for name in sorted(shards)]
    else:
        files = sorted(folder.glob("*.safetensors"))
    for file in files:
        shapes |= {name: tuple(entry["shape"]) for name, entry in _header(file).items()}
    return shapes


def geometry(shapes: Shapes) -> Geometry:
    """The sizes of a model with a Llama-like decoder.

    Raises:
        UserError: no decoder block is found.
    """
    blocks = {name: found for name in shapes if (found := BLOCK.search(name))}
    linears = {
        name: found["rest"].split(".")[-2]
        for name, found in blocks.items()
        if name.endswith(".weight") and found["rest"].split(".")[-2] in LINEARS
    }
    first = {kind: shapes[name] for name, kind in reversed(linears.items())}
    if set(first) != set(LINEARS):
        raise UserError(
            "The checkpoint has no decoder blocks with the linear layers "
            f"{', '.join(LINEARS)} under 'language_model.layers' or 'model.layers'; its cost can't "
            "be estimated."
        )
    return Geometry(
        parameters=sum(prod(shape) for shape in shapes.values()),
        linears=sum(prod(shapes[name]) for name in linears),
        layers=len({found["number"] for found in blocks.values()}),
        hidden=first["q_proj"][1],
        mlp=first["gate_proj"][0],
        vocabulary=_vocabulary(shapes),
        kv_width=first["k_proj"][0],
    )


def _vocabulary(shapes: Shapes) -> int:
    return max(shape[0] for name, shape in shapes.items() if name.endswith("embed_tokens.weight"))


def _header(file: Path) -> dict[str, dict[str, list[int]]]:
    """The JSON at the beginning: eight bytes of length, then the text."""
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            header: dict[str, dict[str, list[int]]] = json.loads(stream.read(length))
    except FileNotFoundError as error:
        raise UserError(f"{file} is missing, but {INDEX} names it; fetch it again.") from error
    except (struct.error, ValueError, OverflowError) as error:
        raise UserError(f"{file} is no safetensors file ({error}); fetch it again.") from error
    header.pop("__metadata__", None)
    return header
