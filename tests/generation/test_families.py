"""Every family in fp64: plain generate, batches, prefix reuse and all schemes (issue of models)."""

from __future__ import annotations

import pytest

from lvlm_compress.benchmarks.types import Decoding, Example, ImageSource
from lvlm_compress.generation.run import answer
from lvlm_compress.kv.scheme import KVScheme
from tests.generation import tiny, tiny_families
from tests.generation.test_run import SCHEMES, texts

GREEDY = Decoding(5)
FAMILIES = {
    "llava-gemma": ("llava", "gemma", tiny_families.save_gemma),
    "llava_next-vicuna": ("llava_next", "vicuna_v1", tiny_families.save_llava_next),
    "llava_next-mistral": (
        "llava_next",
        "mistral_instruct",
        lambda folder: tiny_families.save_llava_next(folder, "mistral"),
    ),
    "qwen2_vl": ("qwen2_vl", "qwen_chat", tiny_families.save_qwen),
    "qwen2_5_vl": (
        "qwen2_5_vl",
        "qwen_chat",
        lambda folder: tiny_families.save_qwen(folder, "qwen2_5_vl"),
    ),
}


@pytest.fixture(scope="module", params=FAMILIES)
def model(request, tmp_path_factory):
    import torch

    from lvlm_compress.models.families import load
    from lvlm_compress.models.spec import ModelSpec

    torch.manual_seed(0)  # what `scramble` leaves as it was drawn, anyres' newline for one
    family, prompt, save = FAMILIES[request.param]
    folder = save(tmp_path_factory.mktemp(request.param))
    return load(ModelSpec(family, folder, dtype="float64", prompt=prompt))


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    """Pictures of several shapes, so that anyres grids and native resolutions differ."""
    folder, made = tmp_path_factory.mktemp("shapes"), []
    for i, size in enumerate([(128, 96), (150, 50), (128, 96)]):
        file = folder / f"{i}.png"
        tiny.picture(i, size).save(file)
        for q in range(2):
            words = " ".join(tiny.WORDS[(9 * i + 5 * q + k) % 45] for k in range(90 + 7 * q + i))
            made.append(Example(f"{i}-{q}", words, ImageSource(file, file.name), str(i)))
    return [*made, Example("blind", "w1 w2 w3 w4", None, "blind")]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_fast_equals_reference(model, questions, scheme):
    parsed = KVScheme.parse(scheme, stream_gap=3)
    reference = answer(model, parsed, questions, GREEDY, engine="reference")
    assert texts(answer(model, parsed, questions, GREEDY)) == texts(reference)


def test_fp16_scheme_is_plain_generate(model, questions):
    import torch
    from PIL import Image

    rows = answer(model, KVScheme.parse("fp16"), questions, GREEDY).rows
    assert len({row["text"] for row in rows}) >= 3
    for row, example in zip(rows, questions, strict=True):
        features, inputs = None, {}
        if example.image is not None:
            picture = Image.open(example.image.path)
            (features,) = model.features([picture])
            inputs = dict(model.pictures([picture], return_tensors="pt"))
            inputs["pixel_values"] = inputs["pixel_values"].double()
        encoded = model.encode(example.prompt, features)
        ids = torch.tensor([encoded.ids])
        if "image_grid_thw" in inputs:
            inputs["mm_token_type_ids"] = (ids == model.image_token_id).int()
        out = model.model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=5,
            **inputs,
        )[0, ids.shape[1] :]
        said = [token for token in out.tolist() if token not in model.stop_ids]
        assert model.text(said) == row["text"]


def test_prefixes_are_shared_where_the_scheme_allows(model, questions):
    """Else the comparison above would show nothing: the shared part is not empty."""
    from PIL import Image

    (features,) = model.features([Image.open(questions[0].image.path)])
    encoded = model.encode(questions[0].prompt, features)
    assert encoded.prefix == encoded.image.stop > 8
    assert KVScheme.parse("kv2-t128").shareable_prefix(encoded.prefix) == encoded.prefix
