"""Pictures opened in processes of their own, so that a GPU does not wait for JPEGs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from lvlm_compress.benchmarks.images import BadImage, open_image
from lvlm_compress.benchmarks.types import ImageSource
from lvlm_compress.models.adapter import LoadedModel

Opened = dict[str, Tensor] | BadImage


class Pictures(Dataset[Opened]):
    """Pixel values of pictures; an unusable one is handed over as its error, not raised.

    model: one without weights will do (`LoadedModel.opener`).
    """

    def __init__(self, model: LoadedModel, sources: Sequence[ImageSource]) -> None:
        self.model, self.sources = model, sources

    def __len__(self) -> int:
        return len(self.sources)

    def __getitem__(self, index: int) -> Opened:
        try:
            return self.model.pixels([open_image(self.sources[index])])
        except BadImage as error:
            return error


def load_ahead(
    model: LoadedModel, sources: Sequence[ImageSource], processes: int
) -> Iterator[Opened]:
    """The pictures in order, up to four a process waiting, in pinned memory beside a GPU.

    The processes are started anew, without the weights: a fork would take over the locks of polars'
    threads, and parquet mirrors are read with polars.
    """
    return iter(
        DataLoader(
            Pictures(model.opener(), sources),
            batch_size=None,
            num_workers=processes,
            prefetch_factor=4,
            multiprocessing_context="spawn",
            pin_memory=torch.cuda.is_available(),
        )
    )
