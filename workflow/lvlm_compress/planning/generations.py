"""The cells up to an answer: data sets, weight stores, generations."""

from __future__ import annotations

from pathlib import Path

from lvlm_compress.address import Part
from lvlm_compress.cells import Cell
from lvlm_compress.grid import GREEDY, BenchmarkEntry, Compression, Grid, ModelEntry
from lvlm_compress.hub import dataset_folder
from lvlm_compress.models.families import family_module
from lvlm_compress.planning.parts import NOTHING, Parts, module_of

CALIBRATION = ("samples", "block", "seed", "duo_scaling")


class Generations:
    """Makes the cells of a grid up to its generations, each distinct one once."""

    def __init__(self, grid: Grid, parts: Parts) -> None:
        self.grid = grid
        self.parts = parts

    def data(self, entry: BenchmarkEntry) -> Cell | Part:
        """The embedded data set's cell, or the identity of a real one."""
        return self.parts.once(("data", entry.name), lambda: self._data(entry))

    def data_inputs(self, entry: BenchmarkEntry) -> dict[str, Cell]:
        """The data set as an input; a real one lies there already."""
        data = self.data(entry)
        return {"data": data} if isinstance(data, Cell) else {}

    def data_path(self, entry: BenchmarkEntry) -> str:
        """The folder that the benchmark's loader reads."""
        return self.parts.once(("data path", entry.name), lambda: str(self._data_path(entry)))

    def weights(self, model: ModelEntry, compression: Compression) -> Cell | None:
        """The weight store of a compression; None where the model keeps its own weights."""
        if compression.weights is None:
            return None
        key = ("weights", model.name, compression.weights)
        return self.parts.once(key, lambda: self._weights(model, compression))

    def generation(
        self, model: ModelEntry, compression: Compression, entry: BenchmarkEntry, seed: int | None
    ) -> Cell:
        """The answers of one (model, compression, benchmark, seed)."""
        key = ("generation", model.name, compression, entry.name, seed)
        return self.parts.once(key, lambda: self._generation(model, compression, entry, seed))

    def _data(self, entry: BenchmarkEntry) -> Cell | Part:
        source = entry.fields["data"]
        if isinstance(source, str):
            return self.parts.identity("data", entry.name, self._real_path(entry))
        if "hub" in source:
            return Part.of(source)
        options = dict(source["embedded"])
        parts = {
            "embedded": Part.of(options),
            "code": self.parts.code("embedded.data", f"embedded.benchmarks.{entry.name}"),
        }
        run = {"benchmark": entry.name, **options}
        return Cell("data", {"benchmark": entry.name}, parts, run, suffix="/manifest.json")

    def _data_path(self, entry: BenchmarkEntry) -> Path:
        data = self.data(entry)
        if isinstance(data, Cell):
            return (self.parts.settings.store / data.path).parent
        return self._real_path(entry)

    def _real_path(self, entry: BenchmarkEntry) -> Path:
        source = entry.fields["data"]
        if isinstance(source, str):
            return self.parts.settings.data_path(source)
        return dataset_folder(self.parts.settings, source)

    def _weights(self, model: ModelEntry, compression: Compression) -> Cell | None:
        scheme = compression.weight_scheme
        if scheme is None:
            return None
        calibration = {key: self.grid.calibration[key] for key in CALIBRATION}
        text, identity = self._text()
        parts = {
            "model": self.parts.model(model),
            "scheme": Part.of(scheme.spec()),
            "calibration": Part.of(calibration),
            "text": identity,
            "pins": self.parts.pins("calibrate"),
            "code": self.parts.code("weights.calibrate", _family(model), scheme.module),
        }
        run = {
            "model": self.parts.model_run(model),
            "scheme": compression.weights,
            "calibration": {**calibration, "path": str(text)},
        }
        labels = {"model": model.name, "weights": scheme.id}
        return Cell("weights", labels, parts, run, suffix=".safetensors")

    def _text(self) -> tuple[Path, Part]:
        """The calibration text: a local file, or one of a hub data set at its revision."""
        source = dict(self.grid.calibration)
        if "hub" not in source:
            file = self.parts.settings.path(source["text"])
            return file, self.parts.identity("calibration", file.name, file)
        folder = dataset_folder(self.parts.settings, source)
        pinned = {key: source[key] for key in ("hub", "revision", "text")}
        return folder / source["text"], Part.of(pinned)

    def _generation(
        self, model: ModelEntry, compression: Compression, entry: BenchmarkEntry, seed: int | None
    ) -> Cell:
        weights = self.weights(model, compression)
        parts = {
            **self.parts.once(("asked", model.name, entry.name), lambda: self._asked(model, entry)),
            "weights": NOTHING if weights is None else weights.part,
            "kv": self.parts.kv(compression),
            "seed": self.parts.part(("seed", seed), lambda: seed),
            "code": self.parts.once(
                ("generation code", model.name, compression, entry.name),
                lambda: self._code(model, compression, entry),
            ),
        }
        run = {
            "model": self.parts.model_run(model),
            "weight_storage": compression.weight_storage,
            "benchmark": entry.name,
            "data": self.data_path(entry),
        }
        labels = {
            "model": model.name,
            "compression": compression.label,
            "benchmark": entry.name,
            "seed": GREEDY if seed is None else str(seed),
        }
        salt = self.grid.salts.get("/".join(labels.values())) if self.grid.salts else None
        if salt is not None:
            parts["salt"] = self.parts.part(("salt", salt), lambda: salt)
        inputs = self.data_inputs(entry)
        if weights is not None:
            inputs["weights"] = weights
        return Cell("generation", labels, parts, run, inputs, ".jsonl")

    def _asked(self, model: ModelEntry, entry: BenchmarkEntry) -> dict[str, Part]:
        """The parts that no compression and no seed changes."""
        data = self.data(entry)
        return {
            "model": self.parts.model(model),
            "data": data.part if isinstance(data, Cell) else data,
            "task": self.parts.task(entry),
            "engine": self.parts.part(("engine",), lambda: self.grid.engine),
            "pins": self.parts.pins("generate"),
        }

    def _code(self, model: ModelEntry, compression: Compression, entry: BenchmarkEntry) -> Part:
        modules = ["generation.run", _family(model), module_of(entry, "task")]
        modules += compression.kv_scheme.modules
        if compression.weights is not None:
            held = compression.weight_storage
            modules.append("weights.loading" if held == "packed" else "weights.store")
        return self.parts.code(*modules)


def _family(model: ModelEntry) -> str:
    return family_module(model.fields["family"])
