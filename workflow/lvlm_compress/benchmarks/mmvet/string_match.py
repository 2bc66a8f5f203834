"""An offline stand-in for MM-Vet's judge, reported as `offline_total` and never as `total`.

Ours: an answer scores 1 if one of the alternatives (`<OR>`) has all of its elements (`<AND>`) in it
as whole words, whatever the case; else 0.
"""

from __future__ import annotations

import re


def string_match(truth: str, text: str) -> float:
    """1.0 or 0.0 by the rule above."""
    flat = " ".join(text.casefold().split())
    alternatives = (option.split("<AND>") for option in truth.split("<OR>"))
    return float(any(all(_named(part, flat) for part in parts) for parts in alternatives))


def _named(part: str, flat: str) -> bool:
    wanted = " ".join(part.casefold().split()).rstrip(".")
    if not wanted:
        return False
    # A number is not found within a longer one: 1 is neither in 1.5 nor in 0.1 nor in -1.
    before = r"(?<![\w.-])" if wanted[0].isdigit() else r"(?<!\w)"
    return re.search(rf"{before}{re.escape(wanted)}(?!\w|\.\d)", flat) is not None
