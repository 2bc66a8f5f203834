"""Loading a LLaVA: the parts generation relies on, and a sentence for every wrong checkpoint."""

from __future__ import annotations

import json
import shutil

import pytest

from lvlm_compress.errors import UserError
from lvlm_compress.models.families import load
from lvlm_compress.models.spec import ModelSpec
from tests.generation import tiny


@pytest.fixture
def copied(llava_folder, tmp_path):
    return shutil.copytree(llava_folder, tmp_path / "copy")


def edit(file, **changes):
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def spec(folder, **options):
    return ModelSpec("llava", folder, dtype="float32", **options)


def test_parts(llava_folder):
    import torch

    model = load(spec(llava_folder))
    assert (model.geometry.layers, model.geometry.kv_heads, model.geometry.head_dim) == (2, 4, 32)
    assert model.stop_ids == {2, *range(55, 67)}
    assert (model.dtype, model.device.type) == (torch.float32, "cpu")
    (features,) = model.features([tiny.picture(1)])
    assert features.tokens.shape == (256, 128)
    encoded = model.encode("w1 w2", features)
    assert encoded.ids[encoded.image] == (4,) * 256
    assert encoded.prefix == encoded.image.stop < len(encoded.ids)
    assert model.encode("w1 w2", None).image is None


def test_embeddings_are_those_of_the_model(llava_folder):
    """Placing the features ourselves equals the model's own scatter, and its processor's ids."""
    import torch
    from transformers import LlavaProcessor

    model = load(spec(llava_folder))
    picture = tiny.picture(1)
    (features,) = model.features([picture])
    encoded = model.encode("w1 w2", features)
    processor = LlavaProcessor(
        model.pictures,
        model.tokenizer,
        patch_size=8,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
    )
    text = model.prompt("w1 w2", image=True)
    inputs = processor(images=picture, text=text, return_tensors="pt")
    assert inputs["input_ids"][0].tolist() == list(encoded.ids)
    with torch.no_grad():
        theirs = model.model(**inputs).logits[0, -1]
        embedded = model.embed(encoded, features)
        ours = model.lm_head(model.decoder(inputs_embeds=embedded[None]).last_hidden_state[0, -1])
    assert torch.allclose(theirs, ours, atol=1e-5)


def test_vicuna_pads_pictures_and_others_crop(llava_folder):
    import torch

    wide = tiny.picture(3, (128, 64))
    padded = load(spec(llava_folder)).features([wide])[0].tokens
    cropped = load(spec(llava_folder, prompt="mistral_instruct")).features([wide])[0].tokens
    assert not torch.allclose(padded, cropped)


def test_gemma_stops_at_the_end_of_turn(llava_folder):
    model = load(spec(llava_folder, prompt="gemma"))
    assert model.tokenizer.convert_tokens_to_ids("<end_of_turn>") in model.stop_ids
    with pytest.raises(UserError, match=r"<\|im_end\|>"):
        load(spec(llava_folder, prompt="qwen_chat"))


def test_unknown_family_and_folder(tmp_path):
    with pytest.raises(UserError, match="Unknown model family 'blip'"):
        load(ModelSpec("blip", tmp_path))
    with pytest.raises(UserError, match="no checkpoint"):
        load(spec(tmp_path))
    with pytest.raises(UserError, match="snakemake fetch"):
        load(ModelSpec("llava", hub="no/such", revision="0" * 40))


def test_another_architecture(copied):
    edit(copied / "config.json", model_type="paligemma")
    with pytest.raises(UserError, match=r"model_type 'paligemma'.*loads llava"):
        load(spec(copied))


def test_a_missing_shard(copied):
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model.safetensors"}}
    (copied / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(UserError, match=r"lacks 1 of 2 weight files.*model-00001-of-00002"):
        load(spec(copied))
    (copied / "model.safetensors.index.json").unlink()
    (copied / "model.safetensors").rename(copied / "pytorch_model.bin")
    with pytest.raises(UserError, match="only safetensors"):
        load(spec(copied))


def test_weights_of_another_size(copied):
    from safetensors.torch import load_file, save_file

    weights = load_file(copied / "model.safetensors")
    del weights[next(key for key in weights if key.endswith("lm_head.weight"))]
    save_file(weights, copied / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match=r"1 missing keys, the first is lm_head.weight"):
        load(spec(copied))


def test_the_processor_of_another_checkpoint(copied):
    edit(copied / "preprocessor_config.json", image_processor_type="Qwen2VLImageProcessor")
    with pytest.raises(UserError, match="type Qwen2VLImageProcessor"):
        load(spec(copied))
    edit(
        copied / "preprocessor_config.json",
        image_processor_type="CLIPImageProcessor",
        crop_size={"height": 96, "width": 96},
    )
    with pytest.raises(UserError, match="crops to 96 x 96"):
        load(spec(copied))


TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}USER: {% for c in m['content'] %}"
    "{% if c['type'] == 'image' %}<image>\n{% else %}{{ c['text'] }}{% endif %}"
    "{% endfor %}{% endfor %}{% if add_generation_prompt %} ASSISTANT:{% endif %}"
)


def test_the_hub_template_with_one_bos(copied):
    (copied / "chat_template.jinja").write_text(TEMPLATE)
    model = load(spec(copied, prompt="hub_template"))
    assert model.prompt("w1", image=True) == "USER: <image>\nw1 ASSISTANT:"
    assert model.prompt("w1", image=False) == "USER: w1 ASSISTANT:"
    assert model.encode("w1", None).ids.count(1) == 1


def test_no_hub_template_is_a_sentence(llava_folder):
    with pytest.raises(UserError, match="no chat template"):
        load(spec(llava_folder, prompt="hub_template")).encode("w1", None)
