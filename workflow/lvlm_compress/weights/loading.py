"""Load a checkpoint with packed linears from the start: the dense ones are never in memory.

    model = SomeModel.from_pretrained(folder, quantization_config=packed_store(path), ...)

transformers builds the model without memory, this quantizer swaps the target linears for packed
ones, the checkpoint's dense weights then belong to nobody and are not read, and the store is put
in at the end. A 13B model at 4 bits so needs its packed size, on the device it is meant for.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from transformers.quantizers.auto import register_quantization_config, register_quantizer
from transformers.quantizers.base import HfQuantizer
from transformers.utils.quantization_config import QuantizationConfigMixin

from lvlm_compress.weights.linears import quantized_linears
from lvlm_compress.weights.packed import PackedLinear
from lvlm_compress.weights.store import load_into, require_fit
from lvlm_compress.weights.store_file import open_store

_METHOD = "lvlm-compress-store"


@register_quantization_config(_METHOD)
class _StoreConfig(QuantizationConfigMixin):  # type: ignore[misc]
    """What `from_pretrained` passes on to the quantizer: where the store is."""

    def __init__(self, path: str, quant_method: str = _METHOD) -> None:
        self.quant_method = quant_method
        self.path = path


def packed_store(path: Path) -> QuantizationConfigMixin:
    """The `quantization_config` argument that makes `from_pretrained` load this store packed."""
    return _StoreConfig(str(path))


@register_quantizer(_METHOD)
class _StoreQuantizer(HfQuantizer):  # type: ignore[misc]
    """Swaps target linears for packed ones before loading, and fills them afterwards."""

    def _process_model_before_weight_loading(self, model: Any, **_: Any) -> None:
        decoder = model.get_decoder()
        path = Path(self.quantization_config.path)
        targets = {id(linear.weight) for linear in quantized_linears(decoder).values()}
        unread = [name for name, weight in model.named_parameters() if id(weight) in targets]
        with open_store(path) as store:
            require_fit(decoder, store, path)
            for name in store.linears:
                bias = decoder.get_submodule(name).bias
                empty = store.linear(name).to("meta")
                decoder.set_submodule(name, PackedLinear(empty, bias))
        ignored = set(model._keys_to_ignore_on_load_unexpected or ())
        model._keys_to_ignore_on_load_unexpected = ignored | {re.escape(name) for name in unread}

    def _process_model_after_weight_loading(self, model: Any, **_: Any) -> None:
        load_into(model, Path(self.quantization_config.path), "packed")
        # The model is as good as any other now; its config must not name a method nobody knows.
        self.remove_quantization_config(model)

    def is_serializable(self) -> bool:
        """A packed model is not saved: the store is its file."""
        return False

    @property
    def is_trainable(self) -> bool:
        """Codes cannot be trained."""
        return False
