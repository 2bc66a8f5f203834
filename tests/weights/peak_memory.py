"""Run as a script: growth of the peak resident memory while a store is loaded, as JSON.

    python -m tests.weights.peak_memory FOLDER make|dense|packed|from_start

`make` writes a mid-size random checkpoint and its store to FOLDER; the others load them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from lvlm_compress.weights.loading import packed_store
from lvlm_compress.weights.store import load_into, save_store

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def _status(key: str) -> int:
    """A field of the process status in bytes."""
    lines = STATUS.read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{key}:"))


def make(folder: Path) -> dict[str, int]:
    """A Llama of 51 million weights in fp32, and its 4-bit store."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=512,
        hidden_size=1024,
        intermediate_size=2816,
        num_hidden_layers=4,
        num_attention_heads=8,
    )
    model = LlamaForCausalLM(config)
    model.save_pretrained(folder)
    store = folder / "store.safetensors"
    packed = save_store(store, model.model, {}, {"scheme": {"bits": 4, "group": 128}})
    dense = sum(p.numel() * p.element_size() for p in model.model.layers.parameters())
    return {"dense": dense, "packed": packed, "file": store.stat().st_size}


def load(folder: Path, way: str) -> dict[str, int]:
    """Peak growth in bytes: over the loaded model (dense, packed), or over nothing (from_start)."""
    store = folder / "store.safetensors"
    if way == "from_start":
        CLEAR.write_text("5")
        before = _status("VmRSS")
        LlamaForCausalLM.from_pretrained(folder, quantization_config=packed_store(store))
        return {"growth": _status("VmHWM") - before}
    model = LlamaForCausalLM.from_pretrained(folder)
    for parameter in model.parameters():  # still a view of the file, which counts only when read
        parameter.data = parameter.data.clone()
    CLEAR.write_text("5")
    before = _status("VmRSS")
    load_into(model, store, way)
    return {"growth": _status("VmHWM") - before, "after": _status("VmRSS") - before}


if __name__ == "__main__":
    target, action = Path(sys.argv[1]), sys.argv[2]
    figures = make(target) if action == "make" else load(target, action)
    sys.stdout.write(json.dumps(figures))
