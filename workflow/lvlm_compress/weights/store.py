"""Weights of a decoder <-> a weight store, one linear layer at a time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lvlm_compress.errors import UserError
from lvlm_compress.weights.linears import offset_norms, quantized_linears
from lvlm_compress.weights.packed import PackedLinear, PackedWeight
from lvlm_compress.weights.quantizer import quantize
from lvlm_compress.weights.store_file import StoreReader, open_store, write_store

STORAGES = ("dense", "packed")


@torch.no_grad()
def save_store(
    path: Path, decoder: nn.Module, folded: Mapping[str, Tensor], header: Mapping[str, Any]
) -> int:
    """Round the decoder's target linears, in place, and write their codes to `path`.

    folded: other tensors to keep, by their name in the decoder. header: JSON values, with bits
    and group under "scheme". The decoder then computes with exactly what a reload gives.
    Returns the bytes of codes, scales and zero points.
    """
    scheme = header["scheme"]
    packed: dict[str, PackedWeight] = {}
    for name, linear in quantized_linears(decoder).items():
        codes = quantize(linear.weight, scheme["bits"], scheme["group"])
        packed[name] = PackedWeight.of(codes, scheme["bits"], scheme["group"])
        linear.weight.copy_(packed[name].to_matrix(linear.weight.dtype))
    write_store(path, packed, folded, header)
    return sum(weight.nbytes for weight in packed.values())


@torch.no_grad()
def load_into(model: Any, path: Path, storage: str = "dense") -> None:
    """Put a store's weights into a model with `get_decoder()` (or a bare decoder), in place.

    storage: "dense" dequantizes into the linears' own memory and dtype; "packed" replaces each
    linear by a PackedLinear on its device, freeing the dense weight, or fills the PackedLinear
    that is there (see `weights.loading`, which needs no dense weight at any time). One linear is
    dequantized at a time. Raises UserError when the store does not fit the model.
    """
    if storage not in STORAGES:
        raise UserError(f"Unknown weight_storage '{storage}'; known are {', '.join(STORAGES)}.")
    decoder: nn.Module = model.get_decoder()
    with open_store(path) as store:
        require_fit(decoder, store, path)
        exact = set(offset_norms(decoder))
        for name in store.folded:
            parameter, stored = decoder.get_parameter(name), store.tensor(name)
            dtype = stored.dtype if name in exact else parameter.dtype
            parameter.data = stored.to(parameter.device, dtype, copy=True)
        for name in store.linears:
            place = _place_dense if storage == "dense" else _place_packed
            place(decoder, name, store.linear(name))


def _place_dense(decoder: nn.Module, name: str, weight: PackedWeight) -> None:
    target = decoder.get_parameter(f"{name}.weight")
    target.copy_(weight.to_matrix(target.dtype))


def _place_packed(decoder: nn.Module, name: str, weight: PackedWeight) -> None:
    old = decoder.get_submodule(name)
    if isinstance(old, PackedLinear):
        old.hold(weight)
    elif isinstance(old, nn.Linear):
        on_device = weight.to(old.weight.device)
        decoder.set_submodule(name, PackedLinear(on_device, old.bias))


def require_fit(decoder: nn.Module, store: StoreReader, path: Path) -> None:
    """Every target linear is in the store with its shape, and nothing else is."""
    shapes = {
        name: (module.out_features, module.in_features)
        for name, module in _linears_of_any_storage(decoder).items()
    }
    stored = {name: store.linear(name).shape for name in store.linears}
    wrong = sorted(name for name in shapes | stored if shapes.get(name) != stored.get(name))
    if wrong:
        name = wrong[0]
        raise UserError(
            f"The weight store {path} does not fit the model: {name} is {stored.get(name)} in the "
            f"store and {shapes.get(name)} in the model ({len(wrong)} such layers); calibrate "
            "this model."
        )


def _linears_of_any_storage(decoder: nn.Module) -> dict[str, nn.Linear | PackedLinear]:
    found: dict[str, nn.Linear | PackedLinear] = dict(quantized_linears(decoder))
    for name, module in decoder.named_modules():
        if isinstance(module, PackedLinear):
            found[name] = module
    return found
