"""Table 10: HallusionBench, accuracy and diagnosis of errors.

The paper's caption names LLaVA-1.5-13B; its model column, which we follow, says LLaVA-1.6-13B.
"""

from __future__ import annotations

from lvlm_compress.reporting.tables.spec import TableSpec, kv_only

SPEC = TableSpec(
    number=10,
    caption="HallusionBench: accuracy and language and vision diagnosis under KV quantization.",
    columns=(
        ("hallusionbench", "aacc"),
        ("hallusionbench", "language_hallucination"),
        ("hallusionbench", "visual_illusion"),
        ("hallusionbench", "mixed"),
    ),
    belongs=kv_only,
)
