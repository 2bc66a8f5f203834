"""Table 3: accuracy under KV quantization, all eight accuracy columns."""

from __future__ import annotations

from lvlm_compress.reporting.tables.spec import TableSpec, kv_only

SPEC = TableSpec(
    number=3,
    caption="Comparison of various compression methods and bit widths on accuracy metric.",
    columns=(
        ("mmvet", "total"),
        ("textvqa", "accuracy"),
        ("gqa", "accuracy"),
        ("mme", "perception_without_landmark"),
        ("scienceqa", "accuracy"),
        ("vqav2", "accuracy"),
        ("pope", "random_accuracy"),
        ("hallusionbench", "aacc"),
    ),
    belongs=kv_only,
)
