"""The cases of benchmarks/gpu.py, in the order of their weight; packing the weights comes last."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from gpu_model import build, pack_weights, questions
from gpu_runs import GIB, VARIANTS, Row, Run, Texts, Variant, clock, ours, speed, transformers

from lvlm_compress.benchmarks.images import open_image
from lvlm_compress.benchmarks.types import Decoding, Example
from lvlm_compress.cost.geometry import Geometry, geometry
from lvlm_compress.cost.memory import memory
from lvlm_compress.generation.invariance import measure
from lvlm_compress.generation.memory import entry_bytes
from lvlm_compress.generation.run import answer

Case = tuple[str, Callable[[], Iterator[Row]]]
ALONE = 2  # questions of engine `reference`
IMAGES, PER_IMAGE = 4, 5  # of engine `fast`
SHORT = 16  # new tokens where speed is not the question


@dataclass
class Bench:
    """One model on the device, and what its cases share.

    Attributes:
        shapes: its sizes as a checkpoint would have them, before any packing.
        expected: answers of engine `reference`, by (case, example id, new tokens).
    """

    name: str
    sizes: dict[str, Any]
    folder: Path
    options: argparse.Namespace
    model: Any = None
    shapes: Geometry | None = None
    image_tokens: int = 0
    expected: dict[tuple[str, str, int], str] = field(default_factory=dict)

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return torch.device("cuda:0" if self.options.device == "cuda" else "cpu")

    @property
    def long(self) -> bool:
        """Whether prompts are so long that fewer must do."""
        return self.image_tokens > 1000

    def row(self, case: str, engine: str = "", **fields: Any) -> Row:
        """A row of this model."""
        return Row(self.name, case, engine, **fields)

    def asked(self, images: int, per_image: int, first: int = 0) -> list[Example]:
        """Questions; always the same for the same arguments."""
        return questions(self.sizes, self.folder, images, per_image, first)

    def compared(self, case: str, examples: list[Example], new: int, texts: Texts) -> str:
        """Note on answers that engine `reference` gave before in a case."""
        pairs = [
            (text, self.expected[case, example.id, new])
            for example, text in zip(examples, texts, strict=True)
            if (case, example.id, new) in self.expected
        ]
        equal = sum(text == expected for text, expected in pairs)
        return f"{equal}/{len(pairs)} answers as {case} reference" if pairs else ""


def cases(bench: Bench) -> Iterator[Case]:
    """Name and run of every case that is asked for."""
    chosen = [v for v in VARIANTS if v.name in bench.options.variants]
    found: list[Case] = [("build", partial(make, bench))]
    for variant in (v for v in chosen if v.weights is None):
        found += _by_engine(bench, variant)
    for batch in (1, 8):
        found.append((f"transformers batch {batch}", partial(plain, bench, batch)))
    found.append(("out of memory", partial(out_of_memory, bench)))
    found.append(("fast changes", partial(changes, bench)))
    packed = [v for v in chosen if v.weights is not None]
    if packed:
        found.append(("pack weights", partial(pack, bench)))
    for variant in packed:
        found += _by_engine(bench, variant)
    return (case for case in found if case[0] not in bench.options.skip)


def _by_engine(bench: Bench, variant: Variant) -> list[Case]:
    return [
        (variant.name, partial(engine_speed, bench, variant, engine))
        for engine in ("reference", "fast")
    ]


def make(bench: Bench) -> Iterator[Row]:
    """The model itself, and how many tokens its pictures have."""
    bench.folder.mkdir()
    build_it = partial(build, bench.sizes, bench.options.dtype, bench.device)
    seconds, peak, bench.model = clock(bench.device, build_it)
    named = bench.model.model.named_parameters()
    bench.shapes = geometry({name: tuple(parameter.shape) for name, parameter in named})
    features = _features(bench, bench.asked(1, 1)[0])
    if not bool(features.tokens.isfinite().all()):
        raise ValueError("The picture's features are not finite in this dtype.")
    bench.image_tokens = features.tokens.shape[0]
    counts = f"{bench.shapes.parameters / 1e9:.3f}e9 weights, {bench.image_tokens} image tokens"
    note = f"{counts}, {seconds:.1f} s"
    yield bench.row("build", seconds=round(seconds, 2), peak=peak, note=note)


def _features(bench: Bench, example: Example) -> Any:
    assert example.image is not None
    (features,) = bench.model.features([open_image(example.image)])
    return features


def engine_speed(bench: Bench, variant: Variant, engine: str) -> Iterator[Row]:
    """Both engines answer questions about pictures, several a picture with `fast`."""
    alone = engine == "reference"
    examples = bench.asked(ALONE, 1) if alone else bench.asked(IMAGES, PER_IMAGE)
    run = ours(bench.model, variant, engine)
    row = partial(bench.row, variant.name, engine)
    for found, texts in speed(row, bench.device, run, examples, bench.options.new):
        assert found.new is not None
        if alone:
            found.estimate = estimate(bench, variant, examples, found.new)
            keys = [(variant.name, example.id, found.new) for example in examples]
            bench.expected |= dict(zip(keys, texts, strict=True))
        else:
            found.note = bench.compared(variant.name, examples, found.new, texts)
        yield found


def estimate(bench: Bench, variant: Variant, examples: list[Example], new: int) -> float:
    """GiB by `plan --cost` for the longest of these prompts."""
    assert bench.shapes is not None
    features = _features(bench, examples[0])
    longest = max(len(bench.model.encode(e.prompt, features).ids) for e in examples)
    sizes = (longest + new, bench.image_tokens, len(examples))
    recorded = bench.device.type == "cuda" and variant.options.get("graphs", True)
    need = memory(bench.shapes, variant, bench.options.dtype, *sizes, recorded=recorded)
    return need.total / GIB


def plain(bench: Bench, batch: int) -> Iterator[Row]:
    """transformers' own loop over the questions of engine `reference`, or over those of `fast`."""
    examples = bench.asked(ALONE, 1) if batch == 1 else bench.asked(IMAGES, PER_IMAGE)
    run: Run = transformers(bench.model, batch, bench.image_tokens)
    row = partial(bench.row, f"transformers batch {batch}")
    for found, texts in speed(row, bench.device, run, examples, bench.options.new):
        assert found.new is not None
        found.note = bench.compared("fp16", examples, found.new, texts)
        yield found


def changes(bench: Bench) -> Iterator[Row]:
    """Share of fp16 answers of 16 tokens that engine `fast` changes in this dtype."""
    examples = bench.asked(IMAGES if bench.long else 2 * IMAGES, PER_IMAGE)
    found = measure(bench.model, VARIANTS[0].kv_scheme, examples, Decoding(SHORT))
    note = f"fast changes {len(found.ids)} of {found.compared} fp16 answers ({found.rate:.1%})"
    values = {"changed": len(found.ids), "compared": found.compared}
    yield bench.row("fast changes", new=SHORT, examples=found.compared, note=note, values=values)


def out_of_memory(bench: Bench) -> Iterator[Row]:
    """All prompts at once on a device with room for a quarter of them: the budget is halved."""
    examples = bench.asked(8 if bench.long else 16, 1, first=100)
    entries = len(examples) * (bench.image_tokens + 100)
    run = partial(_with_budget, bench, examples, 2 * entries)
    if bench.device.type != "cuda":
        texts, budget = run()
        note = f"{len(texts)} answers, budget {budget}; no device memory to run out of"
        yield bench.row("out of memory", "fast", note=note)
        return
    free, _ = run()
    part = 2 if bench.long else 4  # one long prompt alone takes a quarter of eight and more
    with little_memory(bench.device, entries * entry_bytes(bench.model) / part + GIB):
        seconds, peak, (texts, budget) = clock(bench.device, run)
    equal = sum(a == b for a, b in zip(free, texts, strict=True))
    note = f"budget {2 * entries} -> {budget}; {equal}/{len(free)} answers as with enough memory"
    row = bench.row("out of memory", "fast", new=SHORT, examples=len(texts), note=note, peak=peak)
    row.seconds, row.per_second = round(seconds, 3), len(texts) / seconds
    row.error = "" if budget < 2 * entries else "nothing ran out of memory"
    yield row


def _with_budget(bench: Bench, examples: list[Example], budget: int) -> tuple[Texts, int]:
    scheme = VARIANTS[0].kv_scheme
    found = answer(bench.model, scheme, examples, Decoding(SHORT), budget=budget)
    return [row["text"] for row in found.rows], found.facts["budget"]


@contextmanager
def little_memory(device: torch.device, room: float) -> Iterator[None]:
    """So many bytes for the process beside what it holds now."""
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(device).total_memory
    held = torch.cuda.memory_reserved(device)
    torch.cuda.set_per_process_memory_fraction(min((held + room) / total, 1.0), device)
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, device)


def pack(bench: Bench) -> Iterator[Row]:
    """The decoder's linears to 4-bit codes; what the dense ones held is free afterwards."""
    seconds, peak, _ = clock(bench.device, lambda: pack_weights(bench.model, 4, 128))
    note = f"4-bit codes by round-to-nearest in AWQ's layout, {seconds:.1f} s"
    yield bench.row("pack weights", seconds=round(seconds, 2), peak=peak, note=note)
