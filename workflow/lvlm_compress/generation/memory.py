"""How much of a batch fits: KV entries from bytes."""

from __future__ import annotations

import torch

from lvlm_compress.models.adapter import LoadedModel

CPU_BYTES = 96 * 2**20
GPU_SHARE = 0.25


def default_budget(model: LoadedModel, rooms: int = 0) -> int:
    """KV entries of a batch: a share of the GPU's free memory, or a batch that a CPU's caches like.

    The rest of a GPU is left to the activations of the prompts, and to a second and third copy of
    the cache: rows that join are copied, and again into the rooms of recorded steps.

    rooms: bytes of those that are there already.
    """
    if model.device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(model.device)
        idle = torch.cuda.memory_reserved(model.device) - torch.cuda.memory_allocated(model.device)
        return max(int((free + idle + rooms) * GPU_SHARE) // entry_bytes(model), 1)
    return max(CPU_BYTES // entry_bytes(model), 1)


def entry_bytes(model: LoadedModel) -> int:
    """Bytes that K and V of one token take unquantized, over all layers."""
    geometry = model.geometry
    width = geometry.kv_heads * geometry.head_dim
    return 2 * geometry.layers * width * model.dtype.itemsize
