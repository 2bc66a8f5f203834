from __future__ import annotations

import copy

import pytest
import torch

from lvlm_compress.embedded.calibrate import extent
from lvlm_compress.embedded.model import HEAD_DIM, REGISTER_CHANNEL
from lvlm_compress.embedded.outliers import Outliers, key_rows, salient_channels
from lvlm_compress.embedded.package import OUTLIER, PLAIN, twins
from lvlm_compress.embedded.register import gate_rows
from lvlm_compress.embedded.tokens import ANSWER, IMAGE, SYSTEM
from lvlm_compress.embedded.train import fresh


@pytest.fixture(scope="module")
def made():
    model, tokenizer, processor = fresh(0)
    return copy.deepcopy(model), twins(model, tokenizer, Outliers()), tokenizer, processor


def _inputs(tokenizer) -> dict[str, torch.Tensor]:
    text = f"{SYSTEM}{IMAGE * 256}\nIs there a circle?{ANSWER}"
    pixels = torch.randn(1, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    return {"input_ids": tokenizer(text, return_tensors="pt")["input_ids"], "pixel_values": pixels}


def test_twins_compute_the_same_function(made) -> None:
    """spec/embedded-model.md section 3.5: fp32 logits within 1e-4, the register aside."""
    _, pair, tokenizer, _ = made
    with torch.no_grad():
        plain, loud = (pair[name](**_inputs(tokenizer)).logits[:, 1:] for name in (PLAIN, OUTLIER))
    assert (plain - loud).abs().max() < 1e-4


def test_the_registers_weight_is_nothing(made) -> None:
    """Without the register at all the plain model says the same: it is inert."""
    _, pair, tokenizer, _ = made
    inputs = _inputs(tokenizer)
    places = torch.arange(1, inputs["input_ids"].shape[1])[None]
    with torch.no_grad():
        with_register = pair[PLAIN](**inputs).logits[:, 1:]
        inputs["input_ids"] = inputs["input_ids"][:, 1:]
        without = pair[PLAIN](**inputs, position_ids=places).logits
    assert (with_register - without).abs().max() < 1e-4


def test_the_outlier_twin_has_outliers_and_the_plain_one_none(made) -> None:
    base, pair, tokenizer, _ = made
    from transformers import DynamicCache

    ordinary = extent(base.eval(), tokenizer, prompts=4)
    sizes = {}
    for name, model in pair.items():
        cache = DynamicCache(config=model.config.get_text_config())
        with torch.no_grad():
            model(**_inputs(tokenizer), past_key_values=cache)
        sizes[name] = cache.layers[0].keys.abs().max() / ordinary.key[0].max()
    assert sizes[PLAIN] < 3
    assert sizes[OUTLIER] > 20


def test_reserved_places_are_not_touched_by_the_scaling() -> None:
    outliers = Outliers()
    assert not set(gate_rows()) & set(key_rows(outliers.key_pairs))
    assert REGISTER_CHANNEL not in salient_channels(outliers.channels)
    assert len(set(salient_channels(24))) == 24
    assert max(key_rows(outliers.key_pairs)) < 4 * HEAD_DIM
