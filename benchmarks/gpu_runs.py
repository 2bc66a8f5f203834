"""What benchmarks/gpu.py runs and how it is timed: our engines, transformers' own `generate`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

import torch

from lvlm_compress.benchmarks.images import open_image
from lvlm_compress.benchmarks.types import Decoding, Example
from lvlm_compress.generation.run import answer
from lvlm_compress.generation.static_decoder import StaticDecoder
from lvlm_compress.kv.scheme import KVScheme
from lvlm_compress.models.images import pad_to_square
from lvlm_compress.weights.scheme import WeightScheme

T = TypeVar("T")
Texts = list[str]
Run = Callable[[list[Example], int], Texts]
GIB = 2**30


@dataclass(frozen=True)
class Variant:
    """A compression as it is run and as `cost.memory` asks about it.

    options: further arguments of `generation.run.answer`.
    """

    name: str
    kv: str = "fp16"
    storage: str = "simulated"
    weights: str | None = None
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def kv_scheme(self) -> KVScheme:
        """How K and V are held."""
        return KVScheme.parse(self.kv, storage=self.storage)

    @property
    def weight_scheme(self) -> WeightScheme | None:
        """How the decoder's weights are held; None for the model's dtype."""
        return None if self.weights is None else WeightScheme.parse(self.weights)

    @property
    def weight_storage(self) -> str:
        """Codes wherever there are any."""
        return "packed"


VARIANTS = (
    Variant("fp16"),
    Variant("fp16-no-graphs", options={"graphs": False}),
    Variant("kv2", "kv2-kc128-vt128"),
    Variant("kv2-packed", "kv2-kc128-vt128", "packed"),
    Variant("w4-packed", weights="w4-awq"),
)


@dataclass
class Row:
    """One line of the table; None where a figure does not apply.

    Attributes:
        per_second: examples a second, pictures and prompts included.
        prefill_ms: of an example until its first token, its picture's preparation included.
        decode: tokens a second of all rows together, after the first token.
        peak, estimate: GiB on the device, measured and by `plan --cost`.
    """

    model: str
    case: str
    engine: str = ""
    new: int | None = None
    examples: int | None = None
    seconds: float | None = None
    per_second: float | None = None
    prefill_ms: float | None = None
    decode: float | None = None
    peak: float | None = None
    estimate: float | None = None
    note: str = ""
    error: str = ""
    values: dict[str, Any] = field(default_factory=dict)

    def fields(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def ours(model: Any, variant: Variant, engine: str) -> Run:
    """The product's own entry; recorded steps are kept between runs, as between a job's cells."""
    options = {"engine": engine, "recorded": StaticDecoder(model), **variant.options}

    def run(examples: list[Example], new: int) -> Texts:
        found = answer(model, variant.kv_scheme, examples, Decoding(new), **options)
        return [row["text"] for row in found.rows]

    return run


def transformers(model: Any, batch: int, image_tokens: int) -> Run:
    """The usual loop: pictures and prompts through `generate`, `batch` at a time, left-padded."""

    def run(examples: list[Example], new: int) -> Texts:
        texts = []
        for start in range(0, len(examples), batch):
            inputs = _inputs(model, examples[start : start + batch], image_tokens)
            with torch.inference_mode():
                out = model.model.generate(**inputs, do_sample=False, max_new_tokens=new)
            texts += [model.text(row[inputs["input_ids"].shape[1] :].tolist()) for row in out]
        return texts

    return run


def _inputs(model: Any, part: Sequence[Example], image_tokens: int) -> dict[str, Any]:
    opened = [open_image(example.image) for example in part if example.image is not None]
    if model.style.pad_square:
        opened = [pad_to_square(picture) for picture in opened]
    pictures = model.pictures(opened, return_tensors="pt")
    pictures["pixel_values"] = pictures["pixel_values"].to(model.dtype)
    prompts = [
        model.prompt(e.prompt, image=True).replace("<image>", "<image> " * image_tokens)
        for e in part
    ]
    words = model.tokenizer(prompts, return_tensors="pt", padding=True, padding_side="left")
    named = ("input_ids", "attention_mask")
    found = dict(pictures) | {name: words[name] for name in named}
    return {name: tensor.to(model.device) for name, tensor in found.items()}


def clock(device: torch.device, run: Callable[[], T]) -> tuple[float, float | None, T]:
    """Seconds, the peak in GiB (None on a CPU) and the result of a run."""
    cuda = device.type == "cuda"
    if cuda:
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
    started = time.perf_counter()
    result = run()
    if cuda:
        torch.cuda.synchronize(device)
    seconds = time.perf_counter() - started
    return seconds, torch.cuda.max_memory_allocated(device) / GIB if cuda else None, result


def speed(
    row: Callable[..., Row],
    device: torch.device,
    run: Run,
    examples: list[Example],
    news: list[int],
) -> Iterator[tuple[Row, Texts]]:
    """A row for each number of new tokens. Decoding's rate is what lies beyond one token.

    The first run, of two tokens, is not timed: it loads kernels and fills the allocator's pools.
    """
    run(examples, 2)
    first, _, _ = clock(device, lambda: run(examples, 1))
    for new in news:
        seconds, peak, texts = clock(device, lambda new=new: run(examples, new))
        yield (
            row(
                new=new,
                examples=len(examples),
                seconds=round(seconds, 3),
                per_second=len(examples) / seconds,
                prefill_ms=1000 * first / len(examples),
                decode=len(examples) * (new - 1) / (seconds - first) if seconds > first else None,
                peak=peak,
            ),
            texts,
        )
