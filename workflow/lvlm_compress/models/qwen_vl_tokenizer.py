"""The original's `qwen.tiktoken` as a tokenizer of the `tokenizers` library.

A line is a token's bytes in base64 and its rank, which is also its id. Special tokens follow in a
fixed order. tiktoken merges the pair whose joined bytes have the lowest rank, so a token is made of
the two parts that are left when only lower ranks are merged in it: that is its merge.
"""

from __future__ import annotations

import base64
import binascii
from itertools import pairwise
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import BPE
from transformers import PreTrainedTokenizerFast
from transformers.convert_slow_tokenizer import bytes_to_unicode
from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX

from lvlm_compress.errors import UserError

FILE = "qwen.tiktoken"
END, IMAGE_START, IMAGE_PAD = "<|endoftext|>", "<img>", "<imgpad>"
SPECIALS = (
    END,
    "<|im_start|>",
    "<|im_end|>",
    *(f"<|extra_{i}|>" for i in range(205)),
    *("<ref>", "</ref>", "<box>", "</box>", "<quad>", "</quad>", IMAGE_START, "</img>", IMAGE_PAD),
)


def read_ranks(file: Path) -> dict[bytes, int]:
    """Ranks of a tiktoken file; UserError unless every byte has one and they count from 0."""
    try:
        lines = (line.split() for line in file.read_bytes().splitlines() if line)
        ranks = {base64.b64decode(token, validate=True): int(rank) for token, rank in lines}
    except (OSError, ValueError, binascii.Error) as error:
        raise UserError(f"{file} can't be read: {error}; fetch the checkpoint again.") from error
    alone = all(bytes([value]) in ranks for value in range(256))
    if not alone or sorted(ranks.values()) != list(range(len(ranks))):
        raise UserError(f"{file} is incomplete; fetch the checkpoint again.")
    return ranks


def parts(token: bytes, ranks: dict[bytes, int]) -> list[bytes]:
    """What is left of a token when only pairs that rank below it are merged, lowest first."""
    pieces = [token[i : i + 1] for i in range(len(token))]
    highest = ranks[token]
    while True:
        pairs = [ranks.get(a + b, highest) for a, b in pairwise(pieces)]
        lowest = min(pairs, default=highest)
        if lowest >= highest:
            return pieces
        at = pairs.index(lowest)
        pieces[at : at + 2] = [pieces[at] + pieces[at + 1]]


def tokenizer(ranks: dict[bytes, int]) -> Any:
    """A tokenizer that writes no BOS and pads with <|endoftext|>, as the original's evaluation."""
    letters = bytes_to_unicode()

    def spelled(token: bytes) -> str:
        return "".join(letters[value] for value in token)

    ordered = sorted(ranks, key=ranks.__getitem__)
    split = (parts(token, ranks) for token in ordered if len(token) > 1)
    merges = [(spelled(pair[0]), spelled(pair[1])) for pair in split if len(pair) == 2]
    # ignore_merges: a whole piece that has a rank is that token, merges or not, as in tiktoken.
    vocabulary = {spelled(token): rank for token, rank in ranks.items()}
    made = Tokenizer(BPE(vocabulary, merges, ignore_merges=True))
    made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            # Qwen2's expression is Qwen's.
            pre_tokenizers.Split(Regex(PRETOKENIZE_REGEX), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in SPECIALS])
    return PreTrainedTokenizerFast(tokenizer_object=made, eos_token=END, pad_token=END)
