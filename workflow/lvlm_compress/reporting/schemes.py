"""Compressions as the report orders and names them: bits and families read from canonical ids.

DESIGN section 3 has the ids. Nothing is computed here that the quantizers use; a scheme the report
has never seen still gets a label, a place and a colour.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FP16_BITS = 16
FP16 = "fp16"
_KV = re.compile(r"kv(\d+)-(.+)")
_K_V = re.compile(r"k(\d+)v(\d+)-(.+)")
_WEIGHTS = re.compile(r"w(\d+)-(.+)")
_PART = re.compile(r"(?P<side>[kv]?)(?P<axis>[ct])(?P<group>\d+|N)")
# The paper's order of rows (table 8); families it lacks follow by name.
_ORDER = ("fp16", "uniform", "or2", "cN", "t128", "kcN-vt128", "c128", "c64", "kc128-vt128")


@dataclass(frozen=True)
class Compression:
    """Bits of weights, K and V, and the family (`uniform`, `kc128-vt128`, ...) of a compression."""

    weight_bits: int
    weight_method: str
    k_bits: int
    v_bits: int
    family: str

    @property
    def kv_bits(self) -> float:
        """Mean of the bits of K and V."""
        return (self.k_bits + self.v_bits) / 2

    @property
    def is_baseline(self) -> bool:
        """True for the uncompressed model."""
        return self.weight_bits == FP16_BITS and self.kv_bits == FP16_BITS


def parse(weights: str, kv: str) -> Compression:
    """Read the canonical parts of a compression; `fp16` means uncompressed."""
    weight_bits, method = FP16_BITS, FP16
    if match := _WEIGHTS.fullmatch(weights):
        weight_bits, method = int(match[1]), match[2]
    if match := _K_V.fullmatch(kv):
        return Compression(weight_bits, method, int(match[1]), int(match[2]), match[3])
    if match := _KV.fullmatch(kv):
        return Compression(weight_bits, method, int(match[1]), int(match[1]), match[2])
    return Compression(weight_bits, method, FP16_BITS, FP16_BITS, kv)


def order(compression: Compression, label: str = "") -> tuple[float, float, int, str, str]:
    """Sort key: the baseline, then weights and KV from many bits to few, then the paper's rows."""
    family = compression.family
    place = _ORDER.index(family) if family in _ORDER else len(_ORDER)
    return (-compression.weight_bits, -compression.kv_bits, place, family, label)


def family_label(family: str) -> str:
    """The paper's name of a KV scheme in plain text: `kc128-vt128` is `g-KC128VT128`."""
    if family == FP16:
        return "Baseline"
    if family == "uniform":
        return "Uniform"
    if match := re.fullmatch(r"or(\d+(?:\.\d+)?)", family):
        return f"OR s={match[1]}%"
    parts = [_PART.fullmatch(part) for part in family.split("-")]
    if not all(parts):
        return family
    return "g-" + "".join(part[0].upper() for part in parts if part)


def family_tex(family: str) -> str:
    """The paper's name of a KV scheme in LaTeX."""
    if match := re.fullmatch(r"or(\d+(?:\.\d+)?)", family):
        return rf"OR$_{{s={match[1]}\%}}$"
    label = family_label(family)
    if not label.startswith("g-"):
        return label
    return "g-" + re.sub(r"(\d+|N)", r"$_{\1}$", label[2:])


def scheme_label(compression: Compression) -> str:
    """What a table row is called: the KV scheme, the weight method in front if there is one."""
    kv = family_label(compression.family)
    if compression.weight_method == FP16:
        return kv
    weights = compression.weight_method.upper()
    return weights if compression.family == FP16 else f"{weights} + {kv}"


def bits_label(compression: Compression) -> str:
    """Bits in the paper's words: `4-bit KV`, `W4KV2`, `k3v2`."""
    k, v = compression.k_bits, compression.v_bits
    kv = f"{k}-bit KV" if k == v else f"k{k}v{v}"
    if compression.weight_bits == FP16_BITS:
        return "16" if compression.is_baseline else kv
    return f"W{compression.weight_bits}" + (f"KV{k}" if k == v else kv)


def label(compression: Compression) -> str:
    """One line that names a compression in a figure."""
    if compression.is_baseline:
        return "FP16"
    weights = ""
    if compression.weight_bits != FP16_BITS:
        weights = f"W{compression.weight_bits} {compression.weight_method.upper()}"
    if compression.kv_bits == FP16_BITS:
        return weights
    k, v = compression.k_bits, compression.v_bits
    kv = f"{family_label(compression.family)} {f'KV{k}' if k == v else f'k{k}v{v}'}"
    return f"{weights} + {kv}" if weights else kv
