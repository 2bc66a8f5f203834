"""The architecture families and how one is loaded; no family is imported before it is asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from lvlm_compress.errors import UserError

if TYPE_CHECKING:
    from lvlm_compress.models.adapter import LoadedModel
    from lvlm_compress.models.spec import ModelSpec

FAMILIES = ("llava", "llava_next", "qwen2_vl", "qwen2_5_vl", "qwen_vl")


def family_module(family: str) -> str:
    """Dotted name of a family's module; an unknown family is a UserError."""
    if family not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise UserError(f"Unknown model family '{family}' (key 'family'); known are {known}.")
    return f"lvlm_compress.models.{family}"


def load(spec: ModelSpec) -> LoadedModel:
    """The model of a spec, ready to answer; see the family's own `load` for the errors."""
    model: LoadedModel = importlib.import_module(family_module(spec.family)).load(spec)
    return model
