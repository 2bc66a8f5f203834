"""The state of a score: the paper's `-` and the values that need something from outside.

Source: spec/benchmarks.md section 13. A failed official script and a value that needs a judge,
server, lexicon or checkpoint are different states and must not be shown alike.
"""

from __future__ import annotations

from collections.abc import Mapping

NEEDS = frozenset(
    {"needs_llm_judge", "needs_server_submission", "needs_lexicon", "needs_toxicity_model"}
)
SUBSET_ABSENT = "subset_absent"


def status(paper_metric: str, reasons: Mapping[str, str], failure: str | None) -> str:
    """Status of the paper's metric, from the reasons of empty values and the script's failure."""
    reason = reasons.get(paper_metric)
    if reason in NEEDS:
        return str(reason)
    return "ok" if failure is None else "official_script_failed"


def complete(
    values: Mapping[str, float | None], names: list[str], reason: str = SUBSET_ABSENT
) -> tuple[dict[str, float | None], dict[str, str]]:
    """Metrics in the order of `names`, None with `reason` where there is no value."""
    metrics = {name: values.get(name) for name in names}
    return metrics, {name: reason for name, value in metrics.items() if value is None}
