"""PAIRS: the questions of the paper's Table 7, sampled.

Source: paper, appendix B.2.3 and Table 7; spec/benchmarks.md sections 2 and 11. The prompt is the
question alone.
"""

from __future__ import annotations

from pathlib import Path

from lvlm_compress.benchmarks.examples import build
from lvlm_compress.benchmarks.pairs.data import questions
from lvlm_compress.benchmarks.types import Decoding, Example

# Temperature and length are the paper's; top_p and top_k are generate's defaults.
DECODING = Decoding(max_new_tokens=512, temperature=0.75, top_p=1.0, top_k=50)


def load(data: Path, limit: int | None = None) -> list[Example]:
    """Examples, the three sets in turn; `limit` keeps so many scenarios with all four people."""
    return build(questions(data), limit, unit="cluster")
