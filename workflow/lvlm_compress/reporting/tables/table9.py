"""Table 9: HallusionBench, yes/no bias and consistency.

The paper's caption names LLaVA-1.5-13B; its model column, which we follow, says LLaVA-1.6-13B.
"""

from __future__ import annotations

from lvlm_compress.reporting.tables.spec import TableSpec, kv_only

SPEC = TableSpec(
    number=9,
    caption="HallusionBench: yes/no bias and consistency with various KV quantization schemes.",
    columns=(
        ("hallusionbench", "pct_diff"),
        ("hallusionbench", "fp_ratio"),
        ("hallusionbench", "consistency_correct"),
        ("hallusionbench", "consistency_inconsistent"),
        ("hallusionbench", "consistency_wrong"),
    ),
    belongs=kv_only,
)
