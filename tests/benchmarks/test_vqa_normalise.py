"""N(x) of spec/benchmarks.md section 4 and appendix A."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvlm_compress.benchmarks.vqa_normalise import (
    _IRREGULAR,
    _REGULAR,
    CONTRACTIONS,
    normalise,
    official_rule,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Yes", "yes"),
        ("Yes, it is?", "yes it is"),
        ("1,000", "1000"),
        ("the dog's", "dog 's"),
        ("red\nblue\tgreen", "red blue green"),
        ("a-b-c", "b c"),
        ("well-known", "well known"),
        ("well -known", "well known"),
        # The test is against the text before the step: one ` -` deletes every dash.
        ("x-y -z", "xy z"),
        ("no!", "no"),
        ("(blue)", "blue"),
        (".5", ".5"),
        ("3.", "3"),
        ("a.m.", "am"),
        ("5.5.5", "5.5.5"),
        ("end.", "end"),
        ("None", "0"),
        ("zero one ten eleven", "0 1 10 eleven"),
        ("the a an", ""),
        ("A", ""),
        (".", ""),
        ("dont", "don't"),
        ("whats up", "what's up"),
        ("somebody'd", "somebodyd"),
        ("couldn'tve", "couldn't've"),
        ("youd've", "you'd've"),
        ("im ive id've lets shes its ill", "im ive id've lets shes its ill"),
        ("  spaced   out ", "spaced out"),
        ("", ""),
    ],
)
def test_steps(text: str, expected: str) -> None:
    assert normalise(text) == expected


def test_at_most_32_full_stops_go() -> None:
    """Step 4: a misplaced flag acts as a count."""
    assert normalise("." * 40) == "." * 8
    assert normalise("a." * 32 + "b.") == "a" * 32 + "b."


def test_the_table_has_the_spec_s_entries() -> None:
    """Appendix A: 73 regular and 41 irregular entries, none shadowing another."""
    assert len(_REGULAR.split()) == 73
    assert sum(line.count("|") + 1 for line in _IRREGULAR.strip().splitlines()) == 41
    assert len(CONTRACTIONS) == 114
    assert not {"id", "ill", "its", "shed", "well", "were", "wed", "hell", "shell"} & set(
        CONTRACTIONS
    )


def test_digit_comma_drops_all_punctuation_only_without_step_1() -> None:
    """Section 8: VQAv2's public script has the digit-comma test active."""
    assert official_rule("1,000-b") == "1000b"
    assert normalise("1,000-b") == "1000 b"
    assert (official_rule("'ow'sat"), normalise("'ow'sat")) == ("'ow's'at", "'ow 'sat")


@given(st.text())
def test_result_has_single_blanks_and_no_articles(text: str) -> None:
    words = normalise(text).split(" ")
    assert not {"a", "an", "the"} & set(words)
    assert words == [""] or all(words)
