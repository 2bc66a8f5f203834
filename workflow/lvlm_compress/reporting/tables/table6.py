"""Table 6: different weight widths at the same 4-bit KV cache."""

from __future__ import annotations

from lvlm_compress.reporting.schemes import Compression
from lvlm_compress.reporting.tables.spec import TableSpec

KV_BITS = 4


def _belongs(compression: Compression) -> bool:
    return compression.weight_method != "fp16" and compression.kv_bits == KV_BITS


SPEC = TableSpec(
    number=6,
    caption="Different weight bit-widths for the same KV bit-width (4 bit).",
    columns=(
        ("textvqa", "accuracy"),
        ("gqa", "accuracy"),
        ("mme", "perception_without_landmark"),
        ("scienceqa", "accuracy"),
        ("vqav2", "accuracy"),
    ),
    belongs=_belongs,
)
