"""The cells from an answer to its score: toxicities, lexicon, score."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lvlm_compress.address import Part
from lvlm_compress.cells import Cell
from lvlm_compress.grid import BASELINE, BenchmarkEntry, Compression, Grid, ModelEntry
from lvlm_compress.planning.generations import Generations
from lvlm_compress.planning.parts import Parts, module_of
from lvlm_compress.planning.resources import prompt_files

UNCOMPRESSED = Compression(BASELINE)


class Scores:
    """Makes the score cells of a grid."""

    def __init__(self, grid: Grid, parts: Parts) -> None:
        self.grid = grid
        self.parts = parts
        self.upstream = Generations(grid, parts)

    def selected(self) -> Iterator[Cell]:
        """The selected score cells, in the grid's order."""
        chosen = self.grid.selected
        for model in self.grid.models:
            for compression in self.grid.compressions:
                if chosen("models", model.name) and chosen("compressions", compression.label):
                    for entry in self.grid.benchmarks:
                        if chosen("benchmarks", entry.name):
                            yield from self._seeds(model, compression, entry)

    def score(
        self, model: ModelEntry, compression: Compression, entry: BenchmarkEntry, seed: int | None
    ) -> Cell:
        """The score of one generation, with whatever its benchmark's entry asks for."""
        generation = self.upstream.generation(model, compression, entry, seed)
        inputs = {"generation": generation, **self.upstream.data_inputs(entry)}
        run: dict[str, Any] = {
            "benchmark": entry.name,
            "data": self.upstream.data_path(entry),
        }
        rules = self.parts.once(("rules", entry.name), lambda: self._rules(entry))
        parts = {"generation": generation.part, **rules}
        if "toxicity" in entry.fields:
            inputs["toxicities"] = self.toxicities(generation, entry)
            parts["toxicities"] = inputs["toxicities"].part
        if "judge" in entry.fields:
            inputs["verdicts"] = self.verdicts(generation, entry)
            parts["verdicts"] = inputs["verdicts"].part
        if "lexicon" in entry.fields:
            self._add_lexicon(model, entry, parts, inputs, run)
        grades = self._grades(model, compression, entry)
        if grades is not None:
            parts["grades"] = self.parts.identity("grades", str(grades), grades)
            run["grades"] = str(grades)
        return Cell("score", generation.labels, parts, run, inputs)

    def toxicities(self, generation: Cell, entry: BenchmarkEntry) -> Cell:
        """The toxicity of every distinct text of a generation."""
        folder = self.parts.settings.path(entry.fields["toxicity"])
        parts = {
            "generation": generation.part,
            "checkpoint": self.parts.identity("toxicity", folder.name, folder),
            "pins": self.parts.pins("toxicity"),
            "code": self.parts.code("toxicity.cell"),
        }
        run = {"checkpoint": str(folder)}
        inputs = {"generation": generation}
        return Cell("toxicities", generation.labels, parts, run, inputs, ".jsonl")

    def verdicts(self, generation: Cell, entry: BenchmarkEntry) -> Cell:
        """A judge's grades of a generation, in the benchmark's official format."""
        judge = entry.fields["judge"]
        prompts = judge.get("prompts")
        folder = None if prompts is None else self.parts.settings.path(prompts)
        parts = {
            "generation": generation.part,
            "judge": Part.of({key: judge[key] for key in ("model", "runs")}),
            "prompts": self.parts.part(("prompts", prompts), lambda: prompt_files(folder)),
            "code": self.parts.code("judging.cell", module_of(entry, "judge")),
        }
        run = {
            "benchmark": entry.name,
            "data": self.upstream.data_path(entry),
            "judge": {**judge, "prompts": None if folder is None else str(folder)},
        }
        inputs = {"generation": generation, **self.upstream.data_inputs(entry)}
        return Cell("verdicts", generation.labels, parts, run, inputs)

    def lexicon(self, model: ModelEntry, entry: BenchmarkEntry) -> Cell:
        """Group-associated words, found in the uncompressed model's answers of the first seed."""
        seed = next(iter(entry.seeds), None)
        generation = self.upstream.generation(model, UNCOMPRESSED, entry, seed)
        method = entry.fields["lexicon"]["method"]
        parts = {
            "generation": generation.part,
            "method": Part.of(method),
            "pins": self.parts.pins("score"),
            "code": self.parts.code("lexicon.cell"),
        }
        run = {"data": self.upstream.data_path(entry), "method": method}
        labels = {"model": model.name, "benchmark": entry.name}
        inputs = {"generation": generation, **self.upstream.data_inputs(entry)}
        return Cell("lexicon", labels, parts, run, inputs)

    def _rules(self, entry: BenchmarkEntry) -> dict[str, Part]:
        """The parts by which all answers to a benchmark are scored."""
        return {
            "scoring": Part.of(entry.fields["scoring"]),
            "pins": self.parts.pins("score"),
            "code": self.parts.code("stages.score_core", module_of(entry, "score")),
        }

    def _seeds(
        self, model: ModelEntry, compression: Compression, entry: BenchmarkEntry
    ) -> Iterator[Cell]:
        if not entry.seeds:
            yield self.score(model, compression, entry, None)
        for seed in entry.seeds:
            if self.grid.selected("seeds", seed):
                yield self.score(model, compression, entry, seed)

    def _add_lexicon(
        self,
        model: ModelEntry,
        entry: BenchmarkEntry,
        parts: dict[str, Part],
        inputs: dict[str, Cell],
        run: dict[str, Any],
    ) -> None:
        name = entry.fields["lexicon"].get("file")
        if name is not None:
            file = self.parts.settings.path(name)
            parts["lexicon"] = self.parts.identity("lexicon", file.name, file)
            run["lexicon"] = str(file)
        else:
            key = ("lexicon", model.name, entry.name)
            inputs["lexicon"] = self.parts.once(key, lambda: self.lexicon(model, entry))
            parts["lexicon"] = inputs["lexicon"].part

    def _grades(
        self, model: ModelEntry, compression: Compression, entry: BenchmarkEntry
    ) -> Path | None:
        """Grades that came back from a server or grader, official format."""
        folder = self.parts.once(("grades",), lambda: self.parts.settings.store / "grades")
        if not self.parts.once(("grades there",), folder.is_dir):
            return None
        file = folder / model.name / compression.label / f"{entry.name}.json"
        return file if file.is_file() else None
