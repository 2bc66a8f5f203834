"""The converter: no parameter left over, none missing, a sentence for every wrong folder."""

from __future__ import annotations

import json
import shutil
import sys

import pytest

from lvlm_compress.errors import UserError
from tests.models import qwen_vl_original as original

INDEX = "pytorch_model.bin.index.json"


@pytest.fixture
def copied(qwen_vl_original, tmp_path):
    return shutil.copytree(qwen_vl_original, tmp_path / "copy")


def convert(source):
    from lvlm_compress.models.convert_qwen_vl import convert

    convert(source, source.parent / "made")
    return source.parent / "made"


def tensors(folder):
    from safetensors.torch import load_file

    return {k: v for f in sorted(folder.glob("*.safetensors")) for k, v in load_file(f).items()}


def test_no_parameter_is_left_over_and_none_missing(qwen_vl_original, qwen_vl_folder):
    from lvlm_compress.models.qwen_vl_weights import native

    before, after = tensors(qwen_vl_original), tensors(qwen_vl_folder)
    assert {name: tuple(t.shape) for name, t in before.items()} == original.shapes()
    assert len(after) == len(before) + 4 * original.LAYERS
    assert sum(t.numel() for t in after.values()) == sum(t.numel() for t in before.values())
    for name, tensor in before.items():
        for part, rows in native(name, tensor).items():
            assert rows.equal(after[part])


def test_the_published_names_and_sizes_fit(tmp_path):
    """The 7B model without memory: 32 blocks, 48 tower blocks, 9.6e9 parameters."""
    import torch

    from lvlm_compress.models.qwen_vl_config import converted
    from lvlm_compress.models.qwen_vl_model import QwenVLForConditionalGeneration

    visual = {
        "heads": 16,
        "image_size": 448,
        "image_start_id": 151857,
        "layers": 48,
        "mlp_ratio": 4.9231,
        "output_dim": 4096,
        "patch_size": 14,
        "width": 1664,
    }
    sizes = {"hidden_size": 4096, "intermediate_size": 22016, "num_hidden_layers": 32}
    sizes |= {"num_attention_heads": 32, "vocab_size": 151936}
    config = converted({**original.CONFIG, **sizes, "visual": visual}, 151643, tmp_path)
    with torch.device("meta"):
        state = QwenVLForConditionalGeneration(config).state_dict()
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    block = "model.language_model.layers.31"
    assert shapes[f"{block}.mlp.gate_proj.weight"] == (11008, 4096)
    assert shapes[f"{block}.self_attn.k_proj.bias"] == (4096,)
    assert f"{block}.self_attn.o_proj.bias" not in shapes
    assert shapes["model.visual.blocks.47.mlp.c_fc.weight"] == (8192, 1664)
    assert shapes["model.visual.attn_pool.kv_proj.weight"] == (4096, 1664)
    assert sum(t.numel() for t in state.values()) == pytest.approx(9.66e9, rel=0.01)
    assert config.image_token_id == 151859


def test_shards_and_pickles_convert_alike(qwen_vl_original, qwen_vl_folder, tmp_path):
    import torch

    folder = original.write(tmp_path / "bins", {})
    (folder / "model.safetensors").unlink()
    weights = tensors(qwen_vl_original)
    # A constant that the original computes itself may lie there as well.
    weights["transformer.rotary_emb.inv_freq"] = torch.ones(16)
    names = sorted(weights)
    halves = {"pytorch_model-1.bin": names[::2], "pytorch_model-2.bin": names[1::2]}
    for file, part in halves.items():
        torch.save({name: weights[name] for name in part}, folder / file)
    weight_map = {name: file for file, part in halves.items() for name in part}
    (folder / INDEX).write_text(json.dumps({"weight_map": weight_map}))
    made = convert(folder)
    assert len(list(made.glob("*.safetensors"))) == 2
    expected, found = tensors(qwen_vl_folder), tensors(made)
    assert expected.keys() == found.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    (folder / "pytorch_model-2.bin").unlink()
    shutil.rmtree(made)
    with pytest.raises(UserError, match=r"lacks 1 of 2 weight files.*pytorch_model-2\.bin"):
        convert(folder)


def test_no_code_of_a_pickle_is_run(copied, tmp_path):
    import torch

    class Payload:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    (copied / "model.safetensors").unlink()
    with pytest.raises(UserError, match="none of"):
        convert(copied)
    torch.save({"lm_head.weight": Payload()}, copied / "pytorch_model.bin")
    with pytest.raises(UserError, match=r"pytorch_model\.bin can't be read"):
        convert(copied)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("transformer.h.1.attn.c_attn.bias"), r"lack 3 of \d+ parameters.*k_proj"),
        (lambda w: w.update({"transformer.h.0.attn.c_proj.bias": w["lm_head.weight"][0].clone()}),
         r"holds a parameter transformer\.h\.0\.attn\.c_proj\.bias"),
        (lambda w: w.update({"lm_head.weight": w["lm_head.weight"][:-1].clone()}),
         r"makes lm_head\.weight of shape \(1270, 256\).*\(1271, 256\)"),
        (lambda w: w.update({"transformer.visual.extra": w["lm_head.weight"][0].clone()}),
         r"model\.visual\.extra .* asks for None"),
    ],
)  # fmt: skip
def test_weights_that_do_not_fit(tmp_path, change, message):
    weights = original.parameters()
    change(weights)
    with pytest.raises(UserError, match=message):
        convert(original.write(tmp_path / "odd", weights))
    assert [path.name for path in tmp_path.iterdir()] == ["odd"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "qwen2"}, "no original Qwen-VL"),
        ({"no_bias": False}, "no_bias = False"),
        ({"rotary_pct": 0.5}, r"rotary_pct = 0\.5"),
        ({"visual": {**original.CONFIG["visual"], "image_start_id": 7}}, "<imgpad> at id 9"),
    ],
)
def test_configurations_of_other_models(tmp_path, changes, message):
    with pytest.raises(UserError, match=message):
        convert(original.write(tmp_path / "other", {}, **changes))


def test_the_command(qwen_vl_original, tmp_path, monkeypatch):
    from lvlm_compress.models.convert_qwen_vl import main

    monkeypatch.setattr(sys, "argv", ["convert", str(qwen_vl_original), str(tmp_path / "made")])
    main()
    assert (tmp_path / "made" / "config.json").is_file()
    with pytest.raises(SystemExit, match=r"error: .*made exists already"):
        main()
