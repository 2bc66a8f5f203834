"""Ids of KV schemes: text to tensor schemes and back.

    fp16   kv{b}-{part}   k{a}v{b}-{part}   ...-k{part}-v{part}      bits 2, 3, 4, 8

A part is what the PATTERN of a module in `kv/schemes` matches: the folder is the registry, so a new
scheme is one new file, and no file that other schemes depend on changes with it.
"""

from __future__ import annotations

import difflib
import functools
import re
from typing import TYPE_CHECKING, NoReturn

from lvlm_compress import registry
from lvlm_compress.errors import UserError
from lvlm_compress.kv.unquantized import Unquantized

if TYPE_CHECKING:
    from types import ModuleType

    from lvlm_compress.kv.tensor_scheme import TensorScheme

FP16 = "fp16"
BITS = (2, 3, 4, 8)
_ID = re.compile(r"(?:kv(?P<both>[0-9]+)|k(?P<k>[0-9]+)v(?P<v>[0-9]+))-(?P<parts>.+)")
_HYBRID = re.compile(r"k(?P<k>[^-]+)-v(?P<v>[^-]+)")
_HYBRIDS = ("kcN-vt128", "kc128-vt128", "kt128-vc128")


def parse(text: str) -> tuple[TensorScheme, TensorScheme]:
    """Schemes of K and of V; an unknown or malformed id is a UserError."""
    if text == FP16:
        return Unquantized(), Unquantized()
    found = _ID.fullmatch(text)
    if not found:
        _refuse(text)
    k_bits, v_bits = int(found["both"] or found["k"]), int(found["both"] or found["v"])
    k_part, v_part = _parts(found["parts"])
    return _tensor_scheme(text, k_bits, k_part), _tensor_scheme(text, v_bits, v_part)


def canonical(k: TensorScheme, v: TensorScheme) -> str:
    """The one spelling of the pair: `k2v2-kt128-vt128` is `kv2-t128`."""
    if k.part == FP16:
        return FP16
    bits = f"kv{k.bits}" if k.bits == v.bits else f"k{k.bits}v{v.bits}"
    part = k.part if k.part == v.part else f"k{k.part}-v{v.part}"
    return f"{bits}-{part}"


def _parts(parts: str) -> tuple[str, str]:
    hybrid = _HYBRID.fullmatch(parts)
    return (hybrid["k"], hybrid["v"]) if hybrid else (parts, parts)


def _tensor_scheme(text: str, bits: int, part: str) -> TensorScheme:
    matches = ((module, re.fullmatch(module.PATTERN, part)) for module in _modules())
    found = next(((module, match) for module, match in matches if match), None)
    if bits not in BITS or found is None:
        _refuse(text)
    scheme: TensorScheme = found[0].build(bits, found[1])
    return scheme


@functools.cache
def _modules() -> tuple[ModuleType, ...]:
    names = registry.known("kv/schemes")
    return tuple(registry.load(f"{__package__}.schemes.{name}") for name in names)


@functools.cache
def examples() -> tuple[str, ...]:
    """One known id for each scheme and bit width, for messages and tests."""
    parts = [part for module in _modules() for part in module.EXAMPLES] + list(_HYBRIDS)
    return (FP16, *(f"kv{bits}-{part}" for part in parts for bits in BITS))


def _refuse(text: str) -> NoReturn:
    parts = (part for module in _modules() for part in module.EXAMPLES)
    nearest = difflib.get_close_matches(text, examples(), n=3, cutoff=0.0)
    raise UserError(
        f"'{text}' is no KV-cache scheme. Ids are fp16, kvB-PART or kAvB-PART with bits 2, 3, 4, 8 "
        f"and PART one of {', '.join(parts)} (another group size g >= 1, another "
        f"percentage of outliers), kPART-vPART; the nearest known are {', '.join(nearest)}."
    )
