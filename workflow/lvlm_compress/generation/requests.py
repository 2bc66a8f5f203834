"""What one batch is made of: prompts with everything a forward pass needs, and their answers."""

from __future__ import annotations

from dataclasses import dataclass

from lvlm_compress.benchmarks.types import Example
from lvlm_compress.generation.branch import Branch
from lvlm_compress.models.adapter import Encoded, ImageFeatures


@dataclass(frozen=True)
class Request:
    """A question ready to be answered for one cell.

    Attributes:
        example: the question as the benchmark gave it.
        encoded, features: its prompt and its picture.
        picture: equal for questions about one picture; None without one.
        branch: the cell.
        shared: leading tokens whose KV entries the scheme lets all questions of a picture share.
    """

    example: Example
    encoded: Encoded
    features: ImageFeatures | None
    picture: str | None
    branch: Branch
    shared: int = 0

    @property
    def tokens(self) -> int:
        """Prompt length in KV entries."""
        return len(self.encoded.ids)


@dataclass(frozen=True)
class Answer:
    """Generated token ids, the stop token left out, and why they end: `stop` or `length`."""

    ids: tuple[int, ...]
    finish: str
