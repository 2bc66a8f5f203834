"""The calibrate stage's numeric part: a decoder and a text -> a weight store and its figures."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lvlm_compress import registry
from lvlm_compress.errors import UserError
from lvlm_compress.weights import selfcheck
from lvlm_compress.weights.calibration_text import (
    CalibrationSpec,
    Tokenizer,
    calibration_blocks,
)
from lvlm_compress.weights.linears import other_tensors, quantized_linears
from lvlm_compress.weights.scheme import WeightScheme
from lvlm_compress.weights.shell import CausalShell
from lvlm_compress.weights.store import save_store
from lvlm_compress.weights.streamed import float_logits, rounded_logits

PROBE_BLOCKS = 2
_TOOLS = ("autoawq", "torch", "transformers", "safetensors")


def calibrate(
    decoder: nn.Module,
    lm_head: nn.Module,
    text_config: Any,
    tokenizer: Tokenizer,
    scheme: WeightScheme,
    calibration: CalibrationSpec,
    out: Path,
    header: Mapping[str, Any],
) -> dict[str, Any]:
    """Quantize the decoder in place and write its store to `out`.

    decoder, lm_head: modules of the vision-language model itself (`get_decoder()`,
    `get_output_embeddings()`). header: JSON values of the caller, kept under "cell".
    Returns the measured figures: relative logit errors on the first blocks (`fold_error`, `error`
    of what is stored, `rounding_error` of plain rounding at the same width, and both at 8 bits),
    `bits_per_weight`, `linear_bytes`, `file_bytes`, `blocks`, `tokens`, `seconds`.
    Raises UserError for text or a model that does not fit, and SelfCheckError when a check
    fails; then nothing is left at `out`.
    """
    started = time.perf_counter()
    _require_whole_groups(decoder, scheme.group)
    blocks = calibration_blocks(calibration, tokenizer)
    shell = CausalShell(decoder, lm_head, text_config)
    with shell.evaluating():
        run = _Run(shell, blocks, scheme)
        folded = run.fold()
        full_header = _header(scheme, calibration, blocks, header)
        stored = run.store(out, folded, full_header)
    figures = run.figures | {"blocks": len(blocks), "tokens": sum(map(len, blocks))}
    return figures | stored | {"seconds": time.perf_counter() - started}


class _Run:
    """One calibration: the unquantized logits, and the figures measured on the way."""

    def __init__(self, shell: CausalShell, blocks: list[list[int]], scheme: WeightScheme) -> None:
        self.shell, self.blocks, self.scheme = shell, blocks, scheme
        self.decoder: nn.Module = shell.model
        device = next(self.decoder.parameters()).device
        self.probe = torch.tensor(blocks[:PROBE_BLOCKS], device=device)
        self.dtype = next(iter(quantized_linears(self.decoder).values())).weight.dtype
        self.reference = float_logits(shell, self.probe)
        self.figures = {
            "rounding_error": self._error_at(scheme.bits),
            "rounding_error_8_bit": self._error_at(8),
        }

    def fold(self) -> dict[str, Tensor]:
        """Let the method change the weights, check that the function is the same, clip.

        Returns the tensors beside the target weights that changed.
        """
        before = {name: t.detach().clone() for name, t in other_tensors(self.decoder).items()}
        bounds = registry.load(self.scheme.module).fold(self.shell, self.blocks, self.scheme)
        fold_error = self._error()
        error_8_bit = self._error_at(8)
        self.figures |= {"fold_error": fold_error, "error_8_bit": error_8_bit}
        selfcheck.check_fold(fold_error, self.dtype)
        selfcheck.check_not_worse(error_8_bit, self.figures["rounding_error_8_bit"])
        clip(self.decoder, bounds)
        after = other_tensors(self.decoder)
        return {name: after[name] for name in after if not torch.equal(after[name], before[name])}

    def store(
        self, out: Path, folded: Mapping[str, Tensor], header: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Round, write, check the written file; remove it again when a check fails."""
        kept = False
        try:
            linear_bytes = save_store(out, self.decoder, folded, header)
            self.figures["error"] = self._error()
            if self.scheme.bits == 8:
                selfcheck.check_not_worse(self.figures["error"], self.figures["rounding_error"])
            selfcheck.check_reload(self.decoder, out)
            kept = True
        finally:
            if not kept:
                out.unlink(missing_ok=True)
        weights = sum(m.weight.numel() for m in quantized_linears(self.decoder).values())
        return {
            "linear_bytes": linear_bytes,
            "bits_per_weight": 8 * linear_bytes / weights,
            "file_bytes": out.stat().st_size,
        }

    def _error(self) -> float:
        return selfcheck.relative_error(float_logits(self.shell, self.probe), self.reference)

    def _error_at(self, bits: int) -> float:
        logits = rounded_logits(self.shell, self.probe, bits, self.scheme.group)
        return selfcheck.relative_error(logits, self.reference)


def clip(decoder: nn.Module, bounds: Mapping[str, Tensor]) -> None:
    """Clamp linears in place to bounds [rows, groups, 1], by name."""
    linears = quantized_linears(decoder)
    for name, bound in bounds.items():
        weight = linears[name].weight
        limit = bound.to(weight.device, weight.dtype)
        grouped = weight.view(*limit.shape[:2], -1)
        grouped.clamp_(-limit, limit)


def _require_whole_groups(decoder: nn.Module, group: int) -> None:
    for name, linear in quantized_linears(decoder).items():
        if linear.in_features % group:
            raise UserError(
                f"{name} has {linear.in_features} inputs, which {group} does not divide: "
                "this model's weights cannot be quantized in such groups."
            )


def _header(
    scheme: WeightScheme,
    calibration: CalibrationSpec,
    blocks: list[list[int]],
    header: Mapping[str, Any],
) -> dict[str, Any]:
    with calibration.path.open("rb") as text:
        sha256 = hashlib.file_digest(text, "sha256").hexdigest()
    return {
        "scheme": scheme.spec(),
        "calibration": calibration.spec() | {"sha256": sha256, "blocks": len(blocks)},
        "tools": {tool: version(tool) for tool in _TOOLS},
        "cell": dict(header),
    }
