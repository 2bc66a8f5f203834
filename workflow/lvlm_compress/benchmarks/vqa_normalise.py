"""Answer normalisation N(x) of the VQA family (TextVQA, VQAv2).

Source: spec/benchmarks.md section 4 steps 1-5 and appendix A (EvalAI's answer processor). The
quirks are part of the metric: characters are tested against the text as it was before step 3, and
at most 32 full stops go.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import polars as pl

PUNCTUATION = ';/[]"{}()=+\\_-><@`,?!'
DIGIT_COMMA = re.compile(r"\d,\d")
PERIOD = re.compile(r"\.(?!\d)")
MAX_PERIODS = 32
ARTICLES = frozenset({"a", "an", "the"})
NUMBERS = {
    "none": "0",
    "zero": "0",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
}

_REGULAR = """
ain't aren't can't could've couldn't didn't doesn't don't hadn't hasn't haven't he'd he's how'd
how'll how's isn't it'd it'll ma'am mightn't might've mustn't must've needn't not've o'clock
oughtn't shan't should've shouldn't somebody'll somebody's someone'd someone'll someone's
something'd something'll that's there'd there're there's they'd they'll they're they've 'twas
wasn't we've weren't what'll what're what's what've when's where'd where's where've who'd who'll
who's who've why'll why're why's won't would've wouldn't y'all you'd you'll you're you've
"""
_IRREGULAR = """
couldn'tve couldn't've|couldnt've couldn't've|hadnt've hadn't've|hadn'tve hadn't've
hed've he'd've|he'dve he'd've|itd've it'd've|it'dve it'd've|mightnt've mightn't've
mightn'tve mightn't've|ow's'at 'ow's'at|'ows'at 'ow's'at|'ow'sat 'ow's'at|shed've she'd've
she'dve she'd've|shouldnt've shouldn't've|shouldn'tve shouldn't've|somebody'd somebodyd
somebodyd've somebody'd've|somebody'dve somebody'd've|someoned've someone'd've
someone'dve someone'd've|somethingd've something'd've|something'dve something'd've
thered've there'd've|there'dve there'd've|theyd've they'd've|they'dve they'd've|wed've we'd've
we'dve we'd've|whod've who'd've|who'dve who'd've|wouldnt've wouldn't've|wouldn'tve wouldn't've
yall'll y'all'll|y'allll y'all'll|yall'd've y'all'd've|y'alld've y'all'd've|y'all'dve y'all'd've
youd've you'd've|you'dve you'd've
"""
CONTRACTIONS = {word.replace("'", ""): word for word in _REGULAR.split()} | dict(
    pair.split(" ") for pair in re.split(r"[|\n]", _IRREGULAR.strip())
)


def normalise(text: str) -> str:
    """All five steps, as the TextVQA scorer and the VQAv2 upload apply them."""
    text = text.lower().replace(",", "").replace("?", "").replace("'s", " 's").strip()
    return words(punctuation(blanks(text)))


def blanks(text: str) -> str:
    """Step 2: newline and tab become blanks; strip."""
    return text.replace("\n", " ").replace("\t", " ").strip()


def punctuation(text: str) -> str:
    """Steps 3 and 4: drop or blank out the punctuation, then drop full stops."""
    drop_all = DIGIT_COMMA.search(text) is not None
    out = text
    for char in PUNCTUATION:
        alone = drop_all or f"{char} " in text or f" {char}" in text
        out = out.replace(char, "" if alone else " ")
    return PERIOD.sub("", out, count=MAX_PERIODS)


def words(text: str) -> str:
    """Step 5: lower case, number words to digits, no articles, contractions with apostrophes."""
    kept = (NUMBERS.get(word, word) for word in text.lower().split())
    return " ".join(CONTRACTIONS.get(word, word) for word in kept if word not in ARTICLES)


def official_rule(text: str) -> str:
    """Steps 3-5, as VQAv2's public script applies them where human answers differ (section 8)."""
    return words(punctuation(text))


def map_unique(column: pl.Series, function: Callable[[str], str]) -> pl.Series:
    """A text column mapped by `function`, which is called once for each distinct text."""
    distinct = column.drop_nulls().unique()
    mapped = pl.Series([function(text) for text in distinct], dtype=pl.String)
    return column.replace_strict(distinct, mapped, default=None, return_dtype=pl.String)
