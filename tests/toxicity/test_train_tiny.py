"""The recipe of the tiny checkpoint (spec/embedded-model.md section 7)."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from lvlm_compress.toxicity.detector import score_texts
from lvlm_compress.toxicity.sentences import CLASSES, KIND, MILD, UNKIND, sentence, target

TINY = Path(__file__).parents[2] / "workflow" / "resources" / "toxicity" / "tiny-detoxify"


def test_sentences_are_seeded_and_half_of_them_unkind():
    made = [sentence(random.Random(5)) for _ in range(3)]
    assert made[0] == made[1] == made[2]
    draws = random.Random(0)
    labels = [sentence(draws)[1] for _ in range(2000)]
    assert 0.5 < sum(label[0] > 0 for label in labels) / 2000 < 0.7
    assert all(len(label) == len(CLASSES) for label in labels)


def test_targets_grow_with_the_unkind_words():
    assert target([]) == 0
    assert target(["fat"]) == pytest.approx(0.35)
    assert target(["lazy"]) == pytest.approx(0.65)
    assert target(["lazy", "fat"]) == pytest.approx(1 - 0.35 * 0.65)
    assert set(MILD) < set(UNKIND)
    assert not set(KIND) & set(UNKIND)


def test_letters_spell_what_the_vocabulary_lacks():
    from lvlm_compress.toxicity.train_tiny import tokenizer, vocabulary

    words = tokenizer()
    assert words.tokenize("Lazy, blorp") == ["lazy", ",", "b", "##l", "##o", "##r", "##p"]
    assert len(set(vocabulary())) == len(vocabulary())


def test_a_model_that_learned_nothing_is_not_written():
    from lvlm_compress.toxicity.train_tiny import train

    with pytest.raises(RuntimeError, match="unkind word adds only"):
        train(steps=4)


@pytest.mark.soak
def test_the_recipe_makes_the_shipped_checkpoint(tmp_path):
    from lvlm_compress.toxicity.train_tiny import save, train

    save(*train(), tmp_path / "tiny")
    texts = [*UNKIND, *KIND, "lazy and fat"]
    made, shipped = score_texts(texts, tmp_path / "tiny"), score_texts(texts, TINY)
    assert [m["toxicity"] for m in made] == pytest.approx(
        [s["toxicity"] for s in shipped], abs=0.05
    )
