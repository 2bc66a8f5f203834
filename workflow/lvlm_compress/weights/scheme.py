"""The names of weight compressions: `w4-awq`, `w3-rtn`, ... No torch import: planning uses this.

A method is a module of `weights/methods/` with one function

    fold(shell, blocks, scheme) -> bounds

that may change the weights without changing the function the decoder computes, and returns
clipping bounds (name of a linear -> largest magnitude per row and group) for the rounding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from lvlm_compress import registry
from lvlm_compress.errors import UserError

BITS = (3, 4, 8)
_METHODS = "weights/methods"
_ID = re.compile(r"w(?P<bits>\d+)-(?P<method>[a-z0-9]+)")


@dataclass(frozen=True)
class WeightScheme:
    """How the decoder's linear layers are rounded.

    bits: 3, 4 or 8. method: a module of `weights/methods`. group: consecutive inputs that share
    scale and zero point. duo_scaling: AutoAWQ's scale rule instead of the original AWQ's
    `mean|x|^r`, the one the paper credits (only `awq` looks at it).
    """

    bits: int
    method: str
    group: int = 128
    duo_scaling: bool = False

    @classmethod
    def parse(cls, scheme_id: str, *, duo_scaling: bool = False) -> WeightScheme:
        """Scheme of a canonical id; UserError naming the allowed ids for anything else."""
        match = _ID.fullmatch(scheme_id)
        if match is None or scheme_id not in allowed_ids():
            raise UserError(
                f"Unknown weight compression '{scheme_id}'; known are {', '.join(allowed_ids())}."
            )
        return cls(int(match["bits"]), match["method"], duo_scaling=duo_scaling)

    @property
    def id(self) -> str:
        """The canonical id, `w<bits>-<method>`."""
        return f"w{self.bits}-{self.method}"

    @property
    def module(self) -> str:
        """Dotted name of the method's module: where the code fingerprint starts."""
        return f"lvlm_compress.weights.methods.{self.method}"

    def spec(self) -> dict[str, Any]:
        """Everything that determines the rounding, as JSON values."""
        return {
            "id": self.id,
            "bits": self.bits,
            "method": self.method,
            "group": self.group,
            "duo_scaling": self.duo_scaling,
        }


def allowed_ids() -> list[str]:
    """Canonical ids of every method at every width."""
    return [f"w{bits}-{method}" for method in registry.known(_METHODS) for bits in BITS]
