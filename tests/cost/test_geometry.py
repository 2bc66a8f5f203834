"""Sizes read off file headers against the model's own."""

from __future__ import annotations

import pytest

from lvlm_compress.cost.geometry import geometry, read_shapes
from lvlm_compress.errors import UserError
from tests.cost.conftest import DECODER


def test_the_sizes_are_the_models(model, checkpoint):
    sizes = geometry(read_shapes(checkpoint))
    assert sizes.parameters == sum(p.numel() for p in model.parameters())
    decoder = model.model.language_model
    linears = {name: p.numel() for name, p in decoder.layers.named_parameters() if "_proj" in name}
    assert sizes.linears == sum(linears.values())
    assert (sizes.layers, sizes.hidden, sizes.mlp) == (6, 512, 1408)
    assert (sizes.vocabulary, sizes.kv_width) == (DECODER["vocab_size"], 4 * 64)


def test_a_sharded_checkpoint_is_read_by_its_index(model, checkpoint, tmp_path):
    model.save_pretrained(tmp_path, max_shard_size="20MB")
    assert len(list(tmp_path.glob("*.safetensors"))) > 1
    (tmp_path / "consolidated.safetensors").write_bytes(b"the same under other names")
    assert read_shapes(tmp_path) == read_shapes(checkpoint)


def test_a_folder_without_weights_has_no_shapes(tmp_path):
    assert read_shapes(tmp_path / "absent") == {}


def test_a_broken_file_and_a_missing_shard_are_named(model, tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"<html>")
    with pytest.raises(UserError, match=r"model\.safetensors is no safetensors file"):
        read_shapes(tmp_path)
    model.save_pretrained(tmp_path, max_shard_size="20MB")
    next(tmp_path.glob("model-*.safetensors")).unlink()
    with pytest.raises(UserError, match="is missing"):
        read_shapes(tmp_path)


def test_a_model_without_llama_like_blocks_is_refused():
    with pytest.raises(UserError, match="no decoder blocks"):
        geometry({"transformer.h.0.attn.c_attn.weight": (3, 1)})


def test_published_sizes_of_vicuna_7b():
    """Decoder linears 6.476e9, KV 0.5 MiB a token (spec/compression.md sections 7 and 10)."""
    from lvlm_compress.cost.memory import kv_bytes
    from lvlm_compress.grid import Compression

    attention = {f"self_attn.{n}_proj.weight": (4096, 4096) for n in "qkvo"}
    mlp = {f"mlp.{n}_proj.weight": (11008, 4096) for n in ("gate", "up")}
    block = {**attention, **mlp, "mlp.down_proj.weight": (4096, 11008)}
    shapes = {f"model.layers.{i}.{n}": shape for i in range(32) for n, shape in block.items()}
    sizes = geometry({**shapes, "model.embed_tokens.weight": (32000, 4096)})
    assert sizes.linears == pytest.approx(6.476e9, rel=1e-3)
    assert kv_bytes(sizes, Compression("fp16"), 16, 1) == 2**19
