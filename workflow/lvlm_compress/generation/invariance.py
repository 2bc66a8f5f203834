"""How many answers change with the engine: what may stand in an artifact's header."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lvlm_compress.benchmarks.types import Decoding, Example
from lvlm_compress.generation.journal import Row
from lvlm_compress.generation.pictures import PictureStore
from lvlm_compress.generation.run import answer
from lvlm_compress.kv.scheme import KVScheme
from lvlm_compress.models.adapter import LoadedModel


@dataclass(frozen=True)
class Changed:
    """Answers that differ between two runs of the same examples."""

    compared: int
    ids: tuple[str, ...]

    @property
    def rate(self) -> float:
        """Share of answers that differ."""
        return len(self.ids) / self.compared if self.compared else 0.0


def changed(first: Sequence[Row], second: Sequence[Row]) -> Changed:
    """Compare texts by id; ValueError when the runs answered different examples."""
    texts = {row["id"]: row["text"] for row in second}
    if {row["id"] for row in first} != set(texts):
        raise ValueError("The two runs answered different examples.")
    return Changed(len(first), tuple(r["id"] for r in first if r["text"] != texts[r["id"]]))


def measure(
    model: LoadedModel,
    scheme: KVScheme,
    examples: Sequence[Example],
    decoding: Decoding,
    seed: int | None = None,
) -> Changed:
    """Answers that engine `fast` changes against `reference`; 0 in exact arithmetic."""
    pictures = PictureStore(model)
    runs = [
        answer(model, scheme, examples, decoding, seed, engine=engine, pictures=pictures).rows
        for engine in ("reference", "fast")
    ]
    return changed(*runs)
