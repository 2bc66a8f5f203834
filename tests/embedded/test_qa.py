from __future__ import annotations

from lvlm_compress.embedded.qa import SHORT, Noun, fill, full_noun, kind_noun
from lvlm_compress.embedded.scene import Scene, Thing

THINGS = (Thing("circle", "red", 2), Thing("taxi", "red", 9), Thing("circle", "blue", 4))
SCENE = Scene("fog", THINGS)


def test_nouns_name_their_cells() -> None:
    assert kind_noun(SCENE, "circle") == Noun("circle", frozenset({2, 4}))
    assert full_noun(SCENE, "red", "taxi") == Noun("red taxi sign", frozenset({9}))
    assert full_noun(SCENE, "blue", "taxi").cells == frozenset()


def test_marks_end_where_the_noun_ends() -> None:
    nouns = kind_noun(SCENE, "taxi"), kind_noun(SCENE, "star")
    text, marks = fill("Is the {} above the {}?", *nouns)
    assert text == "Is the taxi sign above the star?"
    assert [text[: mark.end].split()[-1] for mark in marks] == ["sign", "star"]


def test_the_short_suffix_is_the_kits() -> None:
    """spec/benchmarks.md section 5."""
    assert SHORT == "\nAnswer the question using a single word or phrase."
