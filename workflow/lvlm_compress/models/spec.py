"""What a run says about a model: the config entry as a frozen value. No torch import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ModelSpec:
    """One model as it is loaded.

    Attributes:
        family: a module of this package, see `families`.
        path: local folder with config, safetensors, tokenizer and processor files; or None.
        hub: hub id, looked up in the local hub cache (nothing is downloaded); or None.
        revision: 40-digit revision of the hub id.
        dtype: float16, bfloat16, float32 or float64.
        attention: sdpa or eager.
        prompt: a style of `prompts`.
        device_map: auto, or what transformers takes (`cpu`, `cuda:0`, `balanced`).
        quantization: `quantization_config` of `from_pretrained`: how packed linears take the place
            of the decoder's from the start.
    """

    family: str
    path: Path | None = None
    hub: str | None = None
    revision: str | None = None
    dtype: str = "float16"
    attention: str = "sdpa"
    prompt: str = "vicuna_v1"
    device_map: str = "auto"
    quantization: Any = None

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> ModelSpec:
        """Spec of a config entry; keys that say nothing about loading are ignored."""
        names = {field.name for field in fields(cls)}
        values = {key: value for key, value in entry.items() if key in names and value is not None}
        if "path" in values:
            values["path"] = Path(values["path"])
        return cls(**values)

    @property
    def where(self) -> str:
        """How messages call the model."""
        return str(self.path) if self.path is not None else f"{self.hub} at {self.revision}"
