"""Generation speed side by side: ours, transformers at batch 1, 8 and 16, its quantized caches.

python benchmarks/generation.py [--questions 1 3 5] [--new 16] [--rounds 5] [--memory]

One process, one thread, a seeded random model (geometry.yaml). The variants take turns in an order
that rotates from round to round; what is reported is the median of the ratios within rounds. It
stops when answers differ between variants that lose nothing. lmms-eval and VLMEvalKit are not in
the project's environment; they answer at transformers' batch 1 and are not measured here.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import yaml
from generation_floor import gemm_rate, workload_flops
from generation_model import questions, save, system
from PIL import Image

from lvlm_compress.benchmarks.types import Decoding, Example
from lvlm_compress.generation.run import answer
from lvlm_compress.kv.scheme import KVScheme
from lvlm_compress.models.families import load
from lvlm_compress.models.prompts import PromptStyle
from lvlm_compress.models.spec import ModelSpec

GEOMETRY = Path(__file__).with_name("geometry.yaml")
SCHEMES = ("fp16", "kv2-t128", "kv2-kc128-vt128", "kv2-uniform", "kv2-cN")
Texts = list[str]
BASELINE = "transformers batch 1"


def ours(model: Any, scheme: str, new: int) -> Callable[[list[Example]], Texts]:
    def run(examples: list[Example]) -> Texts:
        rows = answer(model, KVScheme.parse(scheme), examples, Decoding(new)).rows
        return [row["text"] for row in rows]

    return run


def transformers(model: Any, batch: int, new: int, **options: Any) -> Callable[..., Texts]:
    """The usual loop: pictures and prompts through `generate`, `batch` at a time, left-padded."""

    def run(examples: list[Example]) -> Texts:
        texts = []
        for start in range(0, len(examples), batch):
            part = examples[start : start + batch]
            pictures = [Image.open(e.image.path).convert("RGB") for e in part if e.image]
            pixels = model.pictures(pictures, return_tensors="pt")["pixel_values"]
            count = (model.pictures.crop_size["height"] // geometry()["vision"]["patch"]) ** 2
            prompts = [
                model.prompt(e.prompt, image=True).replace("<image>", "<image> " * count)
                for e in part
            ]
            inputs = model.tokenizer(
                prompts, return_tensors="pt", padding=True, padding_side="left"
            )
            out = model.model.generate(
                input_ids=inputs["input_ids"],
                attention_mask=inputs["attention_mask"],
                pixel_values=pixels,
                do_sample=False,
                max_new_tokens=new,
                **options,
            )
            texts += [model.text(row[inputs["input_ids"].shape[1] :].tolist()) for row in out]
        return texts

    return run


def variants(model: Any, new: int) -> dict[str, Callable[[list[Example]], Texts]]:
    found = {f"ours {scheme}": ours(model, scheme, new) for scheme in SCHEMES}
    for batch in (1, 8, 16):
        found[f"transformers batch {batch}"] = transformers(model, batch, new)
    for backend, package in (("quanto", "optimum.quanto"), ("hqq", "hqq")):
        if importlib.util.find_spec(package.split(".")[0]) is not None:
            found[f"transformers QuantizedCache {backend}"] = transformers(
                model, 1, new, cache_implementation="quantized", cache_config={"backend": backend}
            )
    return found


def geometry() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(GEOMETRY.read_text())
    return loaded


def measure(model: Any, examples: list[Example], new: int, rounds: int) -> dict[str, list[float]]:
    found = variants(model, new)
    times: dict[str, list[float]] = {name: [] for name in found}
    expected = {name: found[name](examples) for name in found}
    for name in ("ours fp16", "transformers batch 8", "transformers batch 16"):
        if expected[name] != expected[BASELINE]:
            raise SystemExit(f"'{name}' answers differently from '{BASELINE}'; no speed counts.")
    names = list(found)
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            started = time.perf_counter()
            found[name](examples)
            times[name].append(time.perf_counter() - started)
    return times


def resident(field: str) -> float:
    """VmRSS (now) or VmHWM (peak) of this process in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{field}:")[1].split()[0]) / 1024


def growth(model: Any, run: Callable[[list[Example]], Texts], examples: list[Example]) -> float:
    """Peak memory growth of a run in MB, in a forked process that has its libraries in memory."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        ours(model, "fp16", 2)([Example("warm", "w1 w2 w3", None, "warm")])
        Path("/proc/self/clear_refs").write_text("5")  # VmHWM starts anew
        before = resident("VmRSS")
        run(examples)
        os.write(write, str(resident("VmHWM") - before).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    return float(os.read(read, 64).decode())


def table(model: Any, sizes: dict[str, Any], folder: Path, options: argparse.Namespace) -> None:
    rate = gemm_rate(sizes)
    print(f"GEMM {rate / 1e9:.0f} GFLOP/s; {options.rounds} rounds, {sizes['images']} images")
    print("| questions/image | new tokens | variant | s | x batch 1 | share of floor |")
    print("|---|---|---|---|---|---|")
    for per_image in options.questions:
        examples = questions(sizes, folder, per_image)
        (features,) = model.features([Image.open(examples[0].image.path)])
        encoded = [model.encode(e.prompt, features) for e in examples]
        for new in options.new:
            lengths = [len(e.ids) for e in encoded]
            flops = workload_flops(sizes, lengths, encoded[0].prefix, per_image, new)
            times = measure(model, examples, new, options.rounds)
            for name, taken in times.items():
                pairs = zip(times[BASELINE], taken, strict=True)
                ratio = statistics.median(base / own for base, own in pairs)
                seconds = statistics.median(taken)
                share = flops / rate / seconds
                print(
                    f"| {per_image} | {new} | {name} | {seconds:.2f} | {ratio:.2f} | {share:.0%} |",
                    flush=True,
                )


def memory(model: Any, sizes: dict[str, Any], folder: Path) -> None:
    """One picture's five questions, 16 new tokens."""
    examples = questions(sizes, folder, 5)[:5]
    for name in ("ours fp16", "ours kv2-kc128-vt128", BASELINE, "transformers batch 8"):
        grown = growth(model, variants(model, 16)[name], examples)
        print(f"peak growth, five questions, {name}: {grown:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--questions", type=int, nargs="+", default=[1, 3, 5, 32])
    parser.add_argument("--new", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", action="store_true", help="peak memory instead of speed")
    options = parser.parse_args()
    torch.set_num_threads(1)
    sizes = geometry()
    with tempfile.TemporaryDirectory() as folder:
        spec = ModelSpec("llava", save(sizes, Path(folder)), dtype="float32")
        model: Any = load(spec)
        model.style = PromptStyle(system(sizes), " w7", image="<image> ")
        model.stop_ids = frozenset()
        model = replace(model)
        if options.memory:
            memory(model, sizes, Path(folder))
        else:
            table(model, sizes, Path(folder), options)


if __name__ == "__main__":
    main()
