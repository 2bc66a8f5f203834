"""A converted Qwen-VL answers: exact engines in fp64, all schemes, weight stores, wrong folders."""

from __future__ import annotations

import json
import shutil

import pytest

from lvlm_compress.benchmarks.types import Decoding, Example, ImageSource
from lvlm_compress.errors import UserError
from lvlm_compress.generation.run import answer
from lvlm_compress.kv.scheme import KVScheme
from lvlm_compress.models.families import load
from lvlm_compress.models.spec import ModelSpec
from tests.generation import tiny
from tests.generation.test_run import SCHEMES, texts
from tests.models import qwen_vl_original as original

GREEDY = Decoding(5)


def spec(folder, dtype="float64", **options):
    return ModelSpec("qwen_vl", folder, dtype=dtype, prompt="qwen_vl", **options)


def edit(file, **changes):
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


@pytest.fixture(scope="module")
def model(qwen_vl_folder, tmp_path_factory):
    """In fp64; two tokens of the text end answers as well, so that rows of a batch end apart."""
    folder = shutil.copytree(qwen_vl_folder, tmp_path_factory.mktemp("stops") / "model")
    edit(folder / "generation_config.json", eos_token_id=[original.EOS, 190, 284])
    return load(spec(folder))


@pytest.fixture
def copied(qwen_vl_folder, tmp_path):
    return shutil.copytree(qwen_vl_folder, tmp_path / "copy")


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    folder, made = tmp_path_factory.mktemp("pictures"), []
    for i, size in enumerate([(128, 96), (40, 90)]):
        file = folder / f"{i}.png"
        tiny.picture(i, size).save(file)
        for q in range(2):
            words = "".join(
                original.WORDS[(11 * i + 37 * q + k) % 500].decode() for k in range(9 + 5 * q)
            )
            made.append(Example(f"{i}-{q}", words, ImageSource(file, file.name), str(i)))
    return [*made, Example("blind", "ab cd", None, "blind")]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_batches_and_shared_prefixes_change_nothing(model, questions, scheme):
    parsed = KVScheme.parse(scheme, stream_gap=3)
    reference = answer(model, parsed, questions, GREEDY, engine="reference")
    assert texts(answer(model, parsed, questions, GREEDY)) == texts(reference)


def greedy(model, question, features):
    """Plain greedy decoding without any cache: the whole sequence again for every token."""
    import torch

    with torch.no_grad():
        embeds = model.embed(model.encode(question, features), features)[None]
        said = []
        for _ in range(GREEDY.max_new_tokens):
            hidden = model.decoder(inputs_embeds=embeds, use_cache=False).last_hidden_state
            said.append(int(model.lm_head(hidden[0, -1]).argmax()))
            if said[-1] in model.stop_ids:
                return said[:-1]
            embeds = torch.cat([embeds, model.embed_ids(torch.tensor(said[-1:]))], dim=1)
    return said


def test_fp16_scheme_is_a_plain_greedy_loop(model, questions):
    from PIL import Image

    rows = answer(model, KVScheme.parse("fp16"), questions, GREEDY).rows
    for row, example in zip(rows, questions, strict=True):
        features = None
        if example.image is not None:
            (features,) = model.features([Image.open(example.image.path)])
        assert model.text(greedy(model, example.prompt, features)) == row["text"]
    # Else the comparisons would show little.
    assert len({row["text"] for row in rows}) >= 4
    assert {row["finish"] for row in rows} == {"stop", "length"}
    assert texts(answer(model, KVScheme.parse("kv2-uniform"), questions, GREEDY)) != {
        row["id"]: row["text"] for row in rows
    }


def test_generate_of_transformers_works_too(model, questions):
    import torch
    from PIL import Image

    (features,) = model.features([Image.open(questions[0].image.path)])
    embeds = model.embed(model.encode(questions[0].prompt, features), features)[None]
    out = model.model.generate(
        inputs_embeds=embeds,
        attention_mask=torch.ones(embeds.shape[:2]),
        max_new_tokens=GREEDY.max_new_tokens,
        do_sample=False,
    )
    said = [token for token in out[0].tolist() if token not in model.stop_ids]
    assert said == greedy(model, questions[0].prompt, features)


def test_prompt_and_parts(qwen_vl_folder):
    """The evaluation's `<img>PATH</img>{Q} Answer:`, 256 tokens where the path was."""
    model = load(spec(qwen_vl_folder))
    assert model.prompt("Is it?", image=True) == "<img><imgpad></img>Is it? Answer:"
    (features,) = model.features([tiny.picture(1)])
    assert features.tokens.shape == (256, original.HIDDEN)
    encoded = model.encode("ab", features)
    start = original.IMAGE_START
    assert encoded.ids[:259] == (start, *[start + 2] * 256, start + 1, original.TOKENS.index(b"ab"))
    assert (encoded.image, encoded.prefix) == (slice(1, 257), 257)
    assert model.encode("ab", None).ids == encoded.ids[258:]
    assert model.stop_ids == {original.EOS}
    assert (model.geometry.layers, model.geometry.kv_heads, model.geometry.head_dim) == (2, 8, 32)


def test_a_prompt_beyond_the_established_length_is_refused(model):
    with pytest.raises(UserError, match=r"has 20\d\d tokens.*up to 2048"):
        model.encode("1" * 2050, None)
    with pytest.raises(UserError, match="1 image placeholders where 0 belong"):
        model.encode("<imgpad>", None)


@pytest.mark.parametrize("scheme", ["w4-rtn", pytest.param("w3-awq", marks=pytest.mark.slow)])
def test_weight_stores(qwen_vl_folder, tmp_path, scheme):
    """Calibrated by its own tokenizer; packed from the start equals put in afterwards."""
    import torch

    from lvlm_compress.weights.calibrate import calibrate
    from lvlm_compress.weights.calibration_text import CalibrationSpec
    from lvlm_compress.weights.loading import packed_store
    from lvlm_compress.weights.scheme import WeightScheme
    from lvlm_compress.weights.store import load_into

    text, store = tmp_path / "text.txt", tmp_path / "store.safetensors"
    lines = [b"".join(original.WORDS[7 * i % 400 : 7 * i % 400 + 40]).decode() for i in range(40)]
    text.write_text("\n\n".join(lines))
    first = load(spec(qwen_vl_folder, "float32"))
    figures = calibrate(
        first.decoder,
        first.lm_head,
        first.model.config.get_text_config(),
        first.tokenizer,
        WeightScheme.parse(scheme),
        CalibrationSpec(text, samples=16, block=64),
        store,
        {"model": "tiny"},
    )
    assert figures["error"] > 0.001
    dense = load(spec(qwen_vl_folder, "float32"))
    load_into(dense.decoder, store)
    packed = load(spec(qwen_vl_folder, "float32", quantization=packed_store(store)))
    ids = torch.arange(300, 330)[None]
    logits = [m.model(input_ids=ids).logits for m in (first, dense, packed)]
    assert torch.equal(logits[0], logits[1])
    assert torch.equal(logits[1], logits[2])


def test_the_original_is_not_loaded_as_it_is(qwen_vl_original):
    with pytest.raises(UserError, match="convert it with"):
        load(spec(qwen_vl_original))


def test_wrong_folders(copied, llava_folder):
    with pytest.raises(UserError, match=r"model_type 'llava'.*loads qwen_vl"):
        load(spec(llava_folder))
    edit(copied / "preprocessor_config.json", size={"height": 60, "width": 60})
    with pytest.raises(UserError, match="does not resize to 80 x 80"):
        load(spec(copied))
    edit(copied / "preprocessor_config.json", image_processor_type="LlavaImageProcessor")
    with pytest.raises(UserError, match="type LlavaImageProcessor"):
        load(spec(copied))
    (copied / "model-00001-of-00001.safetensors").unlink()
    with pytest.raises(UserError, match=r"lacks 1 of 1 weight files"):
        load(spec(copied))
