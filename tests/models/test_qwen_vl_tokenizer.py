"""The converted tokenizer against tiktoken's rule, written out plainly; no tiktoken here."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvlm_compress.errors import UserError
from tests.models import qwen_vl_original as original

RANKS = {token: rank for rank, token in enumerate(original.TOKENS)}
# ASCII's part of Qwen's expression: \p{L} is [A-Za-z], \p{N} is [0-9].
PIECE = re.compile(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\nA-Za-z0-9]?[A-Za-z]+|[0-9]| ?[^\sA-Za-z0-9]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def encoded(piece: bytes) -> list[int]:
    """A whole piece that is a token; else the lowest-ranked pair is merged until none is left."""
    if piece in RANKS:
        return [RANKS[piece]]
    parts = [piece[i : i + 1] for i in range(len(piece))]
    while True:
        pairs = {i: RANKS.get(parts[i] + parts[i + 1]) for i in range(len(parts) - 1)}
        known = {i: rank for i, rank in pairs.items() if rank is not None}
        if not known:
            return [RANKS[part] for part in parts]
        at = min(known, key=lambda i: (known[i], i))
        parts[at : at + 2] = [parts[at] + parts[at + 1]]


@pytest.fixture(scope="module")
def tokenizer():
    from lvlm_compress.models.qwen_vl_tokenizer import tokenizer

    return tokenizer(RANKS)


ASCII = st.text(st.sampled_from("abcdefghijklmnop ABz09'.,?!\n\t-_"), max_size=40)


@given(text=ASCII)
def test_ids_are_tiktokens(tokenizer, text):
    expected = [i for piece in PIECE.findall(text) for i in encoded(piece.encode())]
    assert tokenizer(text).input_ids == expected


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_text_comes_back_normalised(tokenizer, text):
    assert tokenizer.decode(tokenizer(text).input_ids) == unicodedata.normalize("NFC", text)


def test_a_token_is_merged_from_the_left():
    """`aa` could be merged at two places of `aaah`; from the right nothing would lead to it."""
    from lvlm_compress.models.qwen_vl_tokenizer import parts

    assert parts(b"aaah", RANKS) == [b"aa", b"ah"]
    assert parts(b"hbhi", RANKS) == [b"h", b"bh", b"i"]


@pytest.mark.parametrize("text", ["aaahz", " hbhi", "hbhi", "zhbhi", "aaaaaaah"])
def test_ties_and_tokens_without_a_merge(tokenizer, text):
    expected = [i for piece in PIECE.findall(text) for i in encoded(piece.encode())]
    assert tokenizer(text).input_ids == expected


def test_special_tokens_follow_the_ranks(tokenizer):
    """In the published file 151643 ranks, so <img> is 151857, as its config.json says."""
    at = tokenizer.convert_tokens_to_ids
    assert at("<|endoftext|>") == original.EOS == tokenizer.eos_token_id
    assert (at("<|im_end|>"), at("<|extra_204|>")) == (original.EOS + 2, original.EOS + 207)
    assert at("<ref>") == original.EOS + 208
    assert [at(tag) for tag in ("<img>", "</img>", "<imgpad>")] == [
        original.IMAGE_START + i for i in range(3)
    ]
    assert 151643 + original.IMAGE_START - original.EOS == 151857
    ids = tokenizer("ab<img><imgpad></img>ab").input_ids
    start = original.IMAGE_START
    assert ids == [RANKS[b"ab"], start, start + 2, start + 1, RANKS[b"ab"]]
    assert tokenizer.decode(ids, skip_special_tokens=True) == "abab"


def test_a_broken_file_is_a_sentence(tmp_path):
    from lvlm_compress.models.qwen_vl_tokenizer import read_ranks

    file = tmp_path / "qwen.tiktoken"
    with pytest.raises(UserError, match=r"qwen\.tiktoken can't be read"):
        read_ranks(file)
    for content, message in (("a-b 0\n", "can't be read"), ("YQ== 0\n", "is incomplete")):
        file.write_text(content)
        with pytest.raises(UserError, match=message):
            read_ranks(file)
