"""Run as a script: peak resident memory of one question by compression, as JSON.

    MALLOC_MMAP_THRESHOLD_=131072 python -m tests.cost.peak FOLDER CASE...

A case is KV scheme, KV storage and how the 4-bit weights are held (`none`: the model's own), as in
fp16+simulated+none. A mid-size random LLaVA in fp32 and its 4-bit store are written to FOLDER.

Each measurement is a fork of a process that has its libraries in memory. Before it begins, the fork
answers with a tiny model and multiplies once, so that pages of code (which a fork has to map anew),
vocabulary and the buffers of the matrix library do not count. The threshold lets glibc give freed
tensors back at once, as a device's allocator reuses them; else the heap's gaps would be measured.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from benchmarks.generation_model import save
from PIL import Image

from lvlm_compress.benchmarks.types import Decoding, Example, ImageSource
from lvlm_compress.generation.run import answer
from lvlm_compress.kv.scheme import KVScheme
from lvlm_compress.models import families, llava
from lvlm_compress.models.adapter import LoadedModel
from lvlm_compress.models.spec import ModelSpec
from lvlm_compress.weights.loading import packed_store
from lvlm_compress.weights.store import load_into, save_store

NEW = 5  # over token 660: decoding quantizes at multiples of 20
GEOMETRY = {
    "family": "llava",
    "system_tokens": 35,
    "vision": {"layers": 2, "hidden": 128, "heads": 2, "mlp": 512, "image": 336, "patch": 14},
    "decoder": {"layers": 11, "hidden": 1280, "heads": 10, "kv_heads": 10, "mlp": 3456},
    "vocabulary": 32064,
    "seed": 0,
}
TINY = GEOMETRY | {
    "decoder": GEOMETRY["decoder"]
    | {"layers": 1, "hidden": 128, "heads": 1, "kv_heads": 1, "mlp": 128}
}
PICTURE, WORDS = "picture.png", " ".join(f"w{i}" for i in range(56))
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def status(key: str) -> int:
    """A field of the process status in bytes."""
    lines = STATUS.read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{key}:"))


def make(folder: Path, sizes: dict[str, Any]) -> dict[str, int]:
    """The checkpoint, its store beside it, and a picture."""
    save(sizes, folder)
    Image.effect_noise((336, 336), 50).convert("RGB").save(folder / PICTURE)
    (folder / "store").mkdir()
    loaded = llava.load(ModelSpec("llava", folder, dtype="float32"))
    header = {"scheme": {"bits": 4, "group": 128}}
    save_store(folder / "store" / "weights", loaded.decoder, {}, header)
    return {"parameters": sum(p.numel() for p in loaded.model.parameters())}


def load(folder: Path, weights: str) -> LoadedModel:
    """As a generation cell does it."""
    spec = ModelSpec("llava", folder, dtype="float32", prompt="vicuna_v1")
    store = folder / "store" / "weights"
    if weights == "packed":
        return families.load(replace(spec, quantization=packed_store(store)))
    model = families.load(spec)
    if weights == "dense":
        load_into(model.decoder, store)
    return model


def ask(model: LoadedModel, scheme: KVScheme, folder: Path) -> int:
    """Answer one question about the picture; returns its tokens, the answer's included."""
    asked = Example("one", WORDS, ImageSource(folder / PICTURE, PICTURE), "one")
    (row,) = answer(model, scheme, [asked], Decoding(NEW), engine="reference").rows
    return int(row["prompt_tokens"] + row["new_tokens"])


def measure(folder: Path, case: str) -> dict[str, int]:
    """Bytes. loaded: of the model. peak: at most, beyond the libraries. tokens: a count."""
    kv, storage, weights = case.split("+")
    scheme = KVScheme.parse(kv, storage=storage)
    warm(folder / "tiny", scheme, weights)
    CLEAR.write_text("5")  # VmHWM starts anew
    before = status("VmRSS")
    model = load(folder / "middle", weights)
    for parameter in model.model.parameters():  # views of the file, which count once they are read
        parameter.sum()
    loaded = status("VmRSS") - before
    tokens = ask(model, scheme, folder / "middle")
    return {"loaded": loaded, "peak": status("VmHWM") - before, "tokens": tokens}


def warm(folder: Path, scheme: KVScheme, weights: str) -> None:
    """Use everything once, with next to no memory."""
    ask(load(folder, weights), scheme, folder)
    say = GEOMETRY["decoder"]
    product = torch.ones(640, say["hidden"]) @ torch.ones(say["hidden"], say["mlp"])
    del product
    gc.collect()


def forked(run: Callable[..., dict[str, int]], *arguments: Any) -> dict[str, int]:
    """The result of a function that runs in a fork of this process."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(write, json.dumps(run(*arguments)).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as stream:
        text = stream.read()
    os.waitpid(pid, 0)
    found: dict[str, int] = json.loads(text)
    return found


def main(folder: Path, cases: Sequence[str]) -> dict[str, dict[str, int]]:
    """Figures by case; `made` tells the number of parameters."""
    torch.set_num_threads(1)
    for name, sizes in (("tiny", TINY), ("middle", GEOMETRY)):
        (folder / name).mkdir()
        made = forked(make, folder / name, sizes)
    return {"made": made} | {case: forked(measure, folder, case) for case in cases}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), sys.argv[2:])))
