"""What a grid needs from the hub: repositories at pinned revisions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lvlm_compress.settings import Settings


@dataclass(frozen=True)
class Repository:
    """One repository; `folder` is where a data set goes, None for a model (the hub cache)."""

    kind: str
    name: str
    revision: str
    folder: Path | None = None

    @property
    def marker(self) -> str:
        """File in the clone's results that says it was brought."""
        return f"results/fetched/{self.kind}/{self.name}/{self.revision}"


def repositories(settings: Settings) -> Iterator[Repository]:
    """The hub models and data sets of a grid, each once."""
    for model in settings.grid["models"].values():
        if "hub" in model:
            yield Repository("model", model["hub"], model["revision"])
    for entry in settings.grid["benchmarks"].values():
        data = entry["data"]
        if isinstance(data, dict) and "hub" in data:
            yield Repository(
                "dataset", data["hub"], data["revision"], dataset_folder(settings, data)
            )
    calibration = settings.grid["calibration"]
    if "hub" in calibration:
        folder = dataset_folder(settings, calibration)
        yield Repository("dataset", calibration["hub"], calibration["revision"], folder)


def dataset_folder(settings: Settings, source: dict[str, str]) -> Path:
    """Where a hub data set lies below `data_dir`."""
    return settings.data_path(f"hub/{source['hub']}/{source['revision']}")
