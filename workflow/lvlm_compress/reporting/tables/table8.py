"""Table 8: accuracy under KV quantization for all models (table 3 without HallusionBench)."""

from __future__ import annotations

from lvlm_compress.reporting.tables.spec import TableSpec, kv_only

SPEC = TableSpec(
    number=8,
    caption="Comparison of compression methods and bit widths on accuracy metric, all models.",
    columns=(
        ("mmvet", "total"),
        ("textvqa", "accuracy"),
        ("gqa", "accuracy"),
        ("mme", "perception_without_landmark"),
        ("scienceqa", "accuracy"),
        ("vqav2", "accuracy"),
        ("pope", "random_accuracy"),
    ),
    belongs=kv_only,
)
