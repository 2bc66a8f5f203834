"""Features of pictures: each opened and seen by the vision tower once, in a batch of its own.

One picture a forward pass: its features are then the same bits whatever stands beside it. They
depend on neither KV scheme nor decoder weights, so one store serves all cells of a process.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator

from torch import Tensor

from lvlm_compress.benchmarks.images import BadImage, open_image
from lvlm_compress.benchmarks.types import ImageSource
from lvlm_compress.generation.loading import load_ahead
from lvlm_compress.models.adapter import ImageFeatures, LoadedModel

GPU_LOADERS = 4


class PictureStore:
    """Features by picture, the least recently used dropped beyond `limit` bytes.

    loaders: processes that open pictures ahead of the tower; 0: opened when asked for.
    """

    def __init__(self, model: LoadedModel, limit: int = 512 * 2**20, loaders: int = 0) -> None:
        self.model, self.limit, self.loaders = model, limit, loaders
        self._kept: OrderedDict[str, ImageFeatures] = OrderedDict()
        self._bytes = 0
        self._coming: list[str] = []
        self._ahead: Iterator[dict[str, Tensor] | BadImage] = iter(())

    def expect(self, sources: Iterable[ImageSource]) -> None:
        """Start opening pictures, in the order in which they will be asked for."""
        if self.loaders:
            absent = {picture_key(s): s for s in sources if picture_key(s) not in self._kept}
            self._coming = list(absent)
            self._ahead = load_ahead(self.model, list(absent.values()), self.loaders)

    def features(self, source: ImageSource) -> ImageFeatures:
        """Features of a picture; BadImage when the file can't be used."""
        key = picture_key(source)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        (found,) = self.model.see(self._pixels(key, source))
        self._kept[key] = found
        self._bytes += found.tokens.nbytes
        while self._bytes > self.limit and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= dropped.tokens.nbytes
        return found

    def _pixels(self, key: str, source: ImageSource) -> dict[str, Tensor]:
        if not self._coming or self._coming[0] != key:
            return self.model.pixels([open_image(source)])
        self._coming.pop(0)
        found = next(self._ahead)
        if isinstance(found, BadImage):
            raise found
        return found


def default_loaders(model: LoadedModel) -> int:
    """Processes that open pictures: some beside a GPU, none where the CPU has the model to run."""
    if model.device.type != "cuda":
        return 0
    return max(min(GPU_LOADERS, len(os.sched_getaffinity(0)) - 1), 0)


def picture_key(source: ImageSource) -> str:
    """What tells one picture from another."""
    return f"{source.path}#{'' if source.row is None else source.row}#{source.name}"
