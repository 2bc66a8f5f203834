"""AutoAWQ 0.2.9's quantizer with its defects mended; importing this takes seconds.

Each override says which defect it mends. Two more are mended outside: the shell runs the
decoder without a KV cache (AutoAWQ replays the cache object in every trial, which then grows),
and the decoder is reached through the shell (AutoAWQ's Llava wrappers look for an old layout).
"""

from __future__ import annotations

from typing import Any

from awq.models.auto import AWQ_CAUSAL_LM_MODEL_MAP
from awq.models.base import AwqConfig
from awq.quantize.quantizer import AwqQuantizer
from awq.utils.module import get_op_name
from torch import Tensor, nn

from lvlm_compress.weights.quantizer import Quantized, dequantize, quantize
from lvlm_compress.weights.scheme import WeightScheme
from lvlm_compress.weights.shell import CausalShell


class MendedQuantizer(AwqQuantizer):  # type: ignore[misc]
    """AutoAWQ's search, for any width, on any device.

    After `quantize()` the channel scales are folded into the model and nothing else was done to
    it; `bounds` holds the clipping bounds, linear name -> [rows, groups, 1].
    """

    def __init__(self, **arguments: Any) -> None:
        self.bounds: dict[str, Tensor] = {}
        super().__init__(**arguments)

    @classmethod
    def for_shell(
        cls, shell: CausalShell, mapping: str, blocks: list[list[int]], scheme: WeightScheme
    ) -> MendedQuantizer:
        """The engine on token blocks; `mapping` names an AutoAWQ architecture."""
        wrapper = AWQ_CAUSAL_LM_MODEL_MAP[mapping](
            shell, mapping, False, shell.config, AwqConfig(), None
        )
        return cls(
            awq_model=wrapper,
            model=shell,
            tokenizer=None,
            w_bit=scheme.bits,
            group_size=scheme.group,
            zero_point=True,
            version="export",
            calib_data=blocks,
            split="",
            text_column="",
            duo_scaling=scheme.duo_scaling,
            # Packing knows 4 bits only and casts to half; codes are made by our own quantizer.
            export_compatible=True,
            max_calib_samples=len(blocks),
            max_calib_seq_len=len(blocks[0]),
        )

    def pseudo_quantize_tensor(self, w: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Search with the very rounding that is stored: fp16 scales, fp32 arithmetic."""
        codes: Quantized = quantize(w.reshape(-1, self.group_size), self.w_bit, self.group_size)
        return dequantize(codes, w.dtype).reshape(w.shape), codes.scales, codes.zeros

    def _compute_best_scale(
        self,
        x: Tensor,
        w_mean: Tensor,
        x_mean: Tensor,
        module2inspect: nn.Module,
        *rest: Any,
    ) -> Tensor:
        """Make the backup of the weights a real copy.

        AutoAWQ backs up with `.cpu()`, which on the CPU is the live weight itself, so that the
        first trial's scaling (not 1 under duo scaling) stays behind in the weights.
        """
        backup = module2inspect.register_state_dict_post_hook(_copy_entries)  # type: ignore[no-untyped-call]
        try:
            scales: Tensor = super()._compute_best_scale(x, w_mean, x_mean, module2inspect, *rest)
        finally:
            backup.remove()
        return scales

    def _search_best_clip(self, layer: nn.Module, *rest: Any) -> list[Any]:
        """Keep the bounds instead of applying them.

        So the folded model can be compared with the original. Nothing else changes: AutoAWQ feeds
        each block with what the unclipped, unscaled blocks before it computed.
        """
        prefix = get_op_name(self.model.model, layer)
        found = super()._search_best_clip(layer, *rest)
        self.bounds |= {f"{prefix}.{name}": bound for name, bound in found}
        return []


def _copy_entries(
    module: nn.Module, state: dict[str, Tensor], prefix: str, metadata: dict[str, Any]
) -> None:
    del module, prefix, metadata
    for name in state:
        state[name] = state[name].detach().to("cpu", copy=True)
