"""Table 4: AWQ weights together with KV quantization."""

from __future__ import annotations

from lvlm_compress.reporting.tables.spec import TableSpec, with_weights

SPEC = TableSpec(
    number=4,
    caption="Weight quantization along with KV cache compression at different bit widths.",
    columns=(
        ("mmvet", "total"),
        ("textvqa", "accuracy"),
        ("gqa", "accuracy"),
        ("mme", "perception_without_landmark"),
        ("scienceqa", "accuracy"),
    ),
    belongs=with_weights,
)
