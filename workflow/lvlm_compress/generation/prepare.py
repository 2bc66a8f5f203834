"""From examples to requests: pictures opened and seen, prompts encoded, shared parts found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lvlm_compress.benchmarks.images import BadImage
from lvlm_compress.benchmarks.types import Example
from lvlm_compress.errors import UserError
from lvlm_compress.generation.branch import Branch
from lvlm_compress.generation.pictures import PictureStore, picture_key
from lvlm_compress.generation.requests import Request
from lvlm_compress.models.adapter import ImageFeatures, LoadedModel


@dataclass
class Preparer:
    """Makes requests: a picture seen and a prompt encoded once for all branches.

    Attributes:
        share: whether questions about a picture may share what the scheme allows.
        skip_bad: leave out examples with an unusable picture instead of raising.
        skipped: id -> reason of those left out.
    """

    model: LoadedModel
    branches: Sequence[Branch]
    pictures: PictureStore
    share: bool
    skip_bad: bool
    skipped: dict[str, str] = field(default_factory=dict)

    def requests(self, chunk: Sequence[Example]) -> list[Request]:
        """Requests of a chunk that holds all questions about each of its pictures."""
        asked = Counter(group_of(example) for example in chunk)
        return [r for example in chunk for r in self.made(example, asked[group_of(example)])]

    def made(self, example: Example, asked: int) -> list[Request]:
        """A request for each branch that lacks the answer; none for a skipped picture.

        asked: how many questions of the chunk are about the example's picture.
        """
        features: ImageFeatures | None = None
        if example.image is not None:
            try:
                features = self.pictures.features(example.image)
            except BadImage as error:
                if not self.skip_bad:
                    raise UserError(f"Example {example.id}: {error}") from error
                self.skipped[example.id] = str(error)
                return []
        encoded = self.model.encode(example.prompt, features)
        common = min(encoded.prefix, len(encoded.ids) - 1) if self.share and asked > 1 else 0
        picture = group_of(example)
        return [
            Request(example, encoded, features, picture, one, one.scheme.shareable_prefix(common))
            for one in self.branches
            if one.pending(example.id)
        ]


def group_of(example: Example) -> str | None:
    """What an example's picture is called; None without one."""
    return None if example.image is None else picture_key(example.image)


def by_picture(examples: Iterable[Example]) -> list[list[Example]]:
    """Examples grouped by picture, in the order of first appearance; text-only ones alone."""
    groups: dict[str, list[Example]] = {}
    for example in examples:
        groups.setdefault(group_of(example) or f"\0{example.id}", []).append(example)
    return list(groups.values())
