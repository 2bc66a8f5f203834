"""Table 5: KV quantization of a model of another family (Qwen-VL)."""

from __future__ import annotations

from lvlm_compress.reporting.tables.spec import TableSpec, kv_only

SPEC = TableSpec(
    number=5,
    caption="Different KV cache quantization methods on models of other families.",
    columns=(
        ("textvqa", "accuracy"),
        ("gqa", "accuracy"),
        ("vqav2", "accuracy"),
        ("mmvet", "total"),
        ("mme", "perception_without_landmark"),
    ),
    belongs=kv_only,
)
