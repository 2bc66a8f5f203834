"""Checks that every calibration run makes on itself; a failing one ends it without a store.

(a) folding alone leaves the logits as they were,
(b) at 8 bits the folded weights are not much worse than the plain ones,
(c) the written store gives back the evaluated weights bit for bit.

AutoAWQ on CPU corrupts the weights without a word; (a) and (b) would show it (relative logit
change 6e-2 instead of 1e-7, and 8-bit error six times that of plain rounding).
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from lvlm_compress.weights.linears import quantized_linears
from lvlm_compress.weights.store_file import open_store

# Relative change of the logits (computed in fp32) that folding may cause: what it takes to round
# the folded weights to their dtype.
FOLD_TOLERANCE = {
    torch.float64: 1e-5,
    torch.float32: 1e-5,
    torch.float16: 1e-3,
    torch.bfloat16: 8e-3,
}
# Folding is chosen for the scheme's own width, so at 8 bits it may lose a little.
WORSE_THAN_ROUNDING = 1.5


class SelfCheckError(RuntimeError):
    """A calibration run produced weights that cannot be right; nothing is stored."""


def relative_error(logits: Tensor, reference: Tensor) -> float:
    """||logits - reference|| / ||reference||, Frobenius norms in fp64."""
    reference = reference.double()
    return float((logits.double() - reference).norm() / reference.norm())


def check_fold(error: float, dtype: torch.dtype) -> None:
    """(a): SelfCheckError when folding changed the logits by more than rounding explains."""
    if not error <= FOLD_TOLERANCE[dtype]:
        raise SelfCheckError(
            f"Folding changed the logits by {error:.2e} (relative); at most "
            f"{FOLD_TOLERANCE[dtype]:.0e} is rounding in {dtype}. No weights were stored."
        )


def check_not_worse(error: float, rounding: float) -> None:
    """(b): SelfCheckError when calibrated 8-bit weights are much worse than rounded ones."""
    if not error <= WORSE_THAN_ROUNDING * rounding:
        raise SelfCheckError(
            f"At 8 bits the calibrated weights change the logits by {error:.2e}, plain rounding by "
            f"{rounding:.2e}: more than {WORSE_THAN_ROUNDING} times. No weights were stored."
        )


def check_reload(decoder: nn.Module, path: Path) -> None:
    """(c): SelfCheckError when the file gives other weights than the decoder computes with."""
    live: dict[str, Tensor] = dict(decoder.named_parameters())
    with open_store(path) as store:
        for name in store.linears:
            weight = live[f"{name}.weight"]
            _require_same(name, weight, store.linear(name).to_matrix(weight.dtype))
        for name in store.folded:
            _require_same(name, live[name], store.tensor(name))
        missing = set(quantized_linears(decoder)) - set(store.linears)
    if missing:
        raise SelfCheckError(f"The store lacks {', '.join(sorted(missing))}.")


def _require_same(name: str, live: Tensor, stored: Tensor) -> None:
    if not torch.equal(live.cpu(), stored):
        raise SelfCheckError(f"The store gives back other values for {name}. It was not kept.")
