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

SAMPLE = 32


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


def sample(examples: Sequence[Example], size: int = SAMPLE) -> list[Example]:
    """Examples at even distances, so that pictures and kinds of questions are mixed."""
    count = min(size, len(examples))
    return [examples[place * len(examples) // count] for place in range(count)]


def against_reference(
    model: LoadedModel,
    scheme: KVScheme,
    examples: Sequence[Example],
    decoding: Decoding,
    seed: int | None,
    rows: Sequence[Row],
    pictures: PictureStore,
) -> dict[str, object]:
    """What a 16-bit artifact of engine `fast` says: how many of a sample `reference` changes."""
    texts = {row["id"]: row for row in rows}
    asked = sample([example for example in examples if example.id in texts])
    found = answer(model, scheme, asked, decoding, seed, engine="reference", pictures=pictures)
    different = changed([texts[example.id] for example in asked], found.rows)
    return {"compared": different.compared, "changed": list(different.ids)}


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
