"""Features of pictures: each opened and seen by the vision tower once, in a batch of its own.

One picture a forward pass: its features are then the same bits whatever stands beside it. They
depend on neither KV scheme nor decoder weights, so one store serves all cells of a process.
"""

from __future__ import annotations

from collections import OrderedDict

from lvlm_compress.benchmarks.images import open_image
from lvlm_compress.benchmarks.types import ImageSource
from lvlm_compress.models.adapter import ImageFeatures, LoadedModel


class PictureStore:
    """Features by picture, the least recently used dropped beyond `limit` bytes."""

    def __init__(self, model: LoadedModel, limit: int = 512 * 2**20) -> None:
        self.model, self.limit = model, limit
        self._kept: OrderedDict[str, ImageFeatures] = OrderedDict()
        self._bytes = 0

    def features(self, source: ImageSource) -> ImageFeatures:
        """Features of a picture; BadImage when the file can't be used."""
        key = picture_key(source)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        (found,) = self.model.features([open_image(source)])
        self._kept[key] = found
        self._bytes += found.tokens.nbytes
        while self._bytes > self.limit and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= dropped.tokens.nbytes
        return found


def picture_key(source: ImageSource) -> str:
    """What tells one picture from another."""
    return f"{source.path}#{'' if source.row is None else source.row}#{source.name}"
