"""One of the cells that are answered together: how its K and V are stored, its seed, its rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lvlm_compress.generation.journal import Row
from lvlm_compress.kv.scheme import KVScheme


@dataclass(eq=False)
class Branch:
    """A cell in the making.

    Attributes:
        seed: None for greedy decoding.
        recorded: called with each new row.
        rows, failed: by example id: finished rows, and why an example has none.
        answered: rows that this run made.
    """

    scheme: KVScheme
    seed: int | None
    recorded: Callable[[Row], None]
    rows: dict[str, Row] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    answered: int = 0

    def pending(self, identity: str) -> bool:
        """False once an example is answered or known to fail."""
        return identity not in self.rows and identity not in self.failed

    def record(self, row: Row) -> None:
        """Keep an answer."""
        self.rows[row["id"]] = row
        self.answered += 1
        self.recorded(row)


def prompts_alike(first: KVScheme, second: KVScheme) -> bool:
    """Whether a prompt's K, V and logits are the same under both until decoding starts.

    So it is for one scheme, and wherever nothing is quantized before the prompt was attended to:
    fp16, and every scheme of order "after".
    """
    return first == second or (_untouched(first) and _untouched(second))


def _untouched(scheme: KVScheme) -> bool:
    simulated = scheme.layer_kind == "simulated"
    return simulated and (scheme.is_identity or scheme.order == "after")
