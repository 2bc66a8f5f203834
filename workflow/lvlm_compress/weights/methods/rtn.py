"""Round to nearest: nothing is done to the weights before rounding. AWQ's baseline."""

from __future__ import annotations

from torch import Tensor

from lvlm_compress.weights.scheme import WeightScheme
from lvlm_compress.weights.shell import CausalShell


def fold(shell: CausalShell, blocks: list[list[int]], scheme: WeightScheme) -> dict[str, Tensor]:
    """Leave the decoder as it is; no clipping bounds."""
    del shell, blocks, scheme
    return {}
