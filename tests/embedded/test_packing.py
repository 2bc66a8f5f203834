from __future__ import annotations

import pytest
import torch

from lvlm_compress.embedded.draws import Draws
from lvlm_compress.embedded.mixture import PHASES, draw_lesson
from lvlm_compress.embedded.model import build_config, build_model
from lvlm_compress.embedded.packing import UNTAUGHT, pack, system_ids
from lvlm_compress.embedded.pictures import pixel_values
from lvlm_compress.embedded.tokens import SYSTEM, build_processor, build_tokenizer, prompt

DRAWN = [draw_lesson(Draws("test-packing", i), PHASES[-1], 6) for i in (0, 3)]


@pytest.fixture(scope="module")
def world():
    tokenizer = build_tokenizer(0)
    processor = build_processor(tokenizer, 128, 8)
    ids = {"bos": 1, "eos": 2, "pad": 0, "image": processor.image_token_id}
    return build_model(build_config(ids, len(tokenizer)), 0).eval(), tokenizer, processor


def test_the_processor_writes_register_and_bos_and_256_image_tokens(world) -> None:
    _, tokenizer, processor = world
    ids = processor(text=prompt("Is it?", False), return_tensors="pt")["input_ids"][0].tolist()
    assert tokenizer.convert_ids_to_tokens(ids[:2]) == ["<reg>", "<s>"]
    assert ids[1 : 1 + len(system_ids(tokenizer))] == system_ids(tokenizer)
    assert prompt("Q", True) == f"{SYSTEM}<image>\nQ ASSISTANT:"


def test_any_text_survives_the_tokenizer(world) -> None:
    """Byte-level: nothing is unknown, foreign text included."""
    _, tokenizer, _ = world
    for text in ("Ist da ein Übergrößenträger?", "日本語 123!\n\ttab", "a  b"):
        ids = tokenizer.encode(text, add_special_tokens=False)
        assert tokenizer.decode(ids) == text


def test_only_answers_are_taught(world) -> None:
    _, tokenizer, _ = world
    batch = pack([qas for _, qas in DRAWN], tokenizer, len(system_ids(tokenizer)))
    for picture, (_, qas) in enumerate(DRAWN):
        for number, qa in enumerate(qas):
            own = batch.targets[picture][batch.questions[picture] == number]
            said = own[own != UNTAUGHT].tolist()
            assert tokenizer.decode(said) == f" {qa.answer}</s>"


def test_packed_questions_equal_single_turns(world) -> None:
    """The shared prefix changes nothing: logits equal transformers' own forward (fp32)."""
    from PIL import Image

    from lvlm_compress.embedded import forward, tower
    from lvlm_compress.embedded.render import render_rgb

    model, tokenizer, processor = world
    system = torch.tensor(system_ids(tokenizer))
    batch = pack([qas for _, qas in DRAWN], tokenizer, len(system))
    with torch.no_grad():
        hidden = tower.features(model, pixel_values([scene for scene, _ in DRAWN]))
        state = forward.run(model, system, tower.project(model, hidden), batch)[-1]
        packed = model.lm_head(model.model.language_model.norm(state))
        for picture, (scene, qas) in enumerate(DRAWN):
            for number, qa in enumerate(qas[:3]):
                text = f"{prompt(qa.prompt, qa.picture)} {qa.answer}"
                image = Image.fromarray(render_rgb(scene)) if qa.picture else None
                inputs = dict(processor(images=image, text=text, return_tensors="pt"))
                inputs = {k: v[:, 1:] if k != "pixel_values" else v for k, v in inputs.items()}
                places = torch.arange(1, inputs["input_ids"].shape[1] + 1)[None]
                alone = model(**inputs, position_ids=places).logits[0]
                mine = packed[picture][batch.questions[picture] == number]
                assert torch.allclose(alone[-len(mine) :], mine, atol=1e-4)
