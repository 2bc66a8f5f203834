"""The parts that specifications are made of, each made once and shared by many cells."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from lvlm_compress import registry
from lvlm_compress.address import Part
from lvlm_compress.fingerprint import PACKAGE_NAME, Sources
from lvlm_compress.grid import BenchmarkEntry, Compression, ModelEntry
from lvlm_compress.identity import Folder, known_sha256
from lvlm_compress.planning.pins import pins
from lvlm_compress.settings import Settings

T = TypeVar("T")
NOTHING = Part.of(None)
MODEL_KEYS = ("family", "dtype", "attention", "prompt")
TASK_KEYS = ("limit", "max_new_tokens", "temperature", "options", "salt")


class UnidentifiedError(Exception):
    """A folder has to be hashed before the cells that use it have an address."""

    def __init__(self, folder: Folder) -> None:
        super().__init__(str(folder.path))
        self.folder = folder


class Parts:
    """Makes parts; every method returns the same object for the same arguments."""

    def __init__(self, settings: Settings, sources: Sources) -> None:
        self.settings = settings
        self._sources = sources
        self._made: dict[Hashable, Any] = {}

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` returned the first time it was asked for under this key."""
        if key not in self._made:
            self._made[key] = make()
        found: T = self._made[key]
        return found

    def part(self, key: Hashable, value: Callable[[], Any]) -> Part:
        """A part whose value is made once."""
        return self.once(("part", key), lambda: Part.of(value()))

    def code(self, *modules: str) -> Part:
        """Fingerprint of some modules of the package, dotted, and all they import from it."""
        full = [m if m.startswith(PACKAGE_NAME) else f"{PACKAGE_NAME}.{m}" for m in modules]
        return self.part(("code", *full), lambda: self._sources.fingerprint(full))

    def pins(self, stage: str) -> Part:
        """The pinned packages of a stage."""
        return self.part(("pins", stage), lambda: pins(stage))

    def identity(self, kind: str, name: str, path: Path) -> Part:
        """Who a local folder or file is.

        Raises:
            UnidentifiedError: it has to be hashed first.
            UserError: it is absent and unknown.
        """
        store = self.settings.store
        found = self.once(
            ("identity", kind, name, path), lambda: known_sha256(store, kind, name, path)
        )
        if isinstance(found, Folder):
            raise UnidentifiedError(found)
        return self.part(("sha256", found), lambda: {"sha256": found})

    def model(self, model: ModelEntry) -> Part:
        """A model without its weights' compression."""
        return self.part(("model", model.name), lambda: self._model(model))

    def model_run(self, model: ModelEntry) -> dict[str, Any]:
        """What loading a model needs, with its folder's real place."""
        return self.once(("model run", model.name), lambda: self._model_run(model))

    def task(self, entry: BenchmarkEntry) -> Part:
        """How a benchmark is asked, as far as the grid says it; the rest is the task's code."""
        return self.part(("task", entry.name), lambda: self._task(entry))

    def kv(self, compression: Compression) -> Part:
        """The KV scheme with its options, and how packed weights are held."""
        return self.part(("kv", compression), lambda: _kv(compression))

    def _model(self, model: ModelEntry) -> dict[str, Any]:
        spec = {key: model.fields[key] for key in MODEL_KEYS}
        if "hub" in model.fields:
            return {**spec, "hub": model.fields["hub"], "revision": model.fields["revision"]}
        path = self.settings.path(model.fields["path"])
        return {**spec, "files": self.identity("models", model.name, path).value}

    def _model_run(self, model: ModelEntry) -> dict[str, Any]:
        path = model.fields.get("path")
        return {**model.fields, "path": None if path is None else str(self.settings.path(path))}

    def _task(self, entry: BenchmarkEntry) -> dict[str, Any]:
        fields = {key: entry.fields[key] for key in TASK_KEYS if key in entry.fields}
        return {**fields, "on_bad_image": self.settings.config["on_bad_image"]}


def module_of(entry: BenchmarkEntry, part: str) -> str:
    """Dotted name of a benchmark's task or score module."""
    return _module_of(entry.name, part)


@cache
def _module_of(benchmark: str, part: str) -> str:
    return registry.benchmark_module(benchmark, part)


def _kv(compression: Compression) -> dict[str, Any]:
    spec: dict[str, Any] = {"scheme": compression.kv_scheme.spec()}
    if compression.weights is not None:
        spec["weight_storage"] = compression.weight_storage
    return spec if compression.salt is None else {**spec, "salt": compression.salt}
