"""Pictures opened ahead in other processes: the same features, the same errors, in any order."""

from __future__ import annotations

import pytest
import torch

from lvlm_compress.benchmarks.images import BadImage
from lvlm_compress.benchmarks.types import Decoding, ImageSource
from lvlm_compress.errors import UserError
from lvlm_compress.generation.pictures import PictureStore, default_loaders
from lvlm_compress.generation.run import answer
from lvlm_compress.kv.scheme import KVScheme

FP16 = KVScheme.parse("fp16")


def sources(questions):
    return [e.image for e in {e.image.path: e for e in questions if e.image}.values()]


def test_the_same_features(exact, questions):
    plain, ahead = PictureStore(exact), PictureStore(exact, loaders=1)
    ahead.expect(sources(questions))
    for source in sources(questions):
        assert torch.equal(ahead.features(source).tokens, plain.features(source).tokens)


def test_one_asked_for_out_of_turn_is_opened_on_the_spot(exact, questions):
    first, second, third = sources(questions)
    ahead = PictureStore(exact, loaders=1)
    ahead.expect([first, second, third])
    for source in (second, first, third):
        expected = PictureStore(exact).features(source).tokens
        assert torch.equal(ahead.features(source).tokens, expected)


def test_a_bad_picture_is_an_error_when_its_turn_comes(exact, questions, tmp_path):
    file = tmp_path / "torn.png"
    file.write_bytes(b"\x89PNG torn")
    torn, good = ImageSource(file, file.name), sources(questions)[0]
    ahead = PictureStore(exact, loaders=1)
    ahead.expect([good, torn])
    ahead.features(good)
    with pytest.raises(BadImage, match=r"torn\.png"):
        ahead.features(torn)


def test_answers_are_the_same(exact, questions):
    store = PictureStore(exact, loaders=1)
    found = answer(exact, FP16, questions, Decoding(4), pictures=store)
    assert found.rows == answer(exact, FP16, questions, Decoding(4)).rows


def test_a_cpu_opens_its_own(exact):
    assert default_loaders(exact) == 0
    assert issubclass(BadImage, UserError)
