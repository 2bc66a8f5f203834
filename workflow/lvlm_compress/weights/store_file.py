"""The file format of a weight store: one safetensors file.

    <linear>.codes  <linear>.scales  <linear>.zeros     a PackedWeight
    <tensor name>                                       a tensor that folding changed
    metadata["weight_store"]                            JSON header

Names are relative to the decoder (`layers.0.self_attn.q_proj`). One metadata key only: several
would be written in random order, and the same content must be the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from lvlm_compress.errors import UserError
from lvlm_compress.weights.packed import PackedWeight

_KEY = "weight_store"
_PARTS = ("codes", "scales", "zeros")


class StoreReader:
    """An open store; tensors are read one at a time, when asked for."""

    def __init__(self, tensors: Any, header: dict[str, Any]) -> None:
        self._tensors = tensors
        self.header = header
        keys = sorted(tensors.keys())
        self.linears = [k.rpartition(".")[0] for k in keys if k.rpartition(".")[2] == "codes"]
        self.folded = [k for k in keys if k.rpartition(".")[2] not in _PARTS]

    def linear(self, name: str) -> PackedWeight:
        """The packed weight of one linear layer, on the CPU."""
        codes, scales, zeros = (self._tensors.get_tensor(f"{name}.{part}") for part in _PARTS)
        scheme = self.header["scheme"]
        return PackedWeight(codes, scales, zeros, scheme["bits"], scheme["group"])

    def tensor(self, name: str) -> Tensor:
        """A tensor that folding changed, on the CPU."""
        tensor: Tensor = self._tensors.get_tensor(name)
        return tensor


def write_store(
    path: Path,
    linears: Mapping[str, PackedWeight],
    folded: Mapping[str, Tensor],
    header: Mapping[str, Any],
) -> None:
    """Write the file in place (atomicity is the caller's); header["scheme"] holds bits and group.

    The same arguments give the same bytes.
    """
    tensors = {
        f"{name}.{part}": getattr(weight, part).cpu().contiguous()
        for name, weight in linears.items()
        for part in _PARTS
    }
    tensors |= {name: tensor.detach().cpu().contiguous() for name, tensor in folded.items()}
    save_file(tensors, path, {_KEY: json.dumps(header, sort_keys=True)})


@contextmanager
def open_store(path: Path) -> Iterator[StoreReader]:
    """Open a store for reading; UserError when it is missing, damaged or something else."""
    if not path.is_file():
        raise UserError(f"The weight store {path} does not exist; run the calibrate stage.")
    try:
        tensors = safe_open(path, framework="pt")
    except SafetensorError as error:
        raise UserError(f"The weight store {path} is damaged ({error}); delete it.") from error
    with tensors as opened:
        metadata = opened.metadata() or {}
        if _KEY not in metadata:
            raise UserError(f"{path} is not a weight store: its header lacks '{_KEY}'.")
        yield StoreReader(opened, json.loads(metadata[_KEY]))
