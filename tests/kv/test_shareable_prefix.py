"""The table of spec section 6."""

from __future__ import annotations

import pytest

from lvlm_compress.kv import KVScheme


@pytest.mark.parametrize(
    ("text", "tokens", "shared"),
    [
        ("fp16", 611, 611),
        ("kv2-t128", 611, 611),
        ("kv2-c128", 611, 512),
        ("kv2-kc128-vt128", 611, 512),
        ("kv2-kt128-vc128", 611, 512),
        ("kv2-kc64-vt128", 611, 576),
        ("kv2-c128", 127, 0),
        ("kv2-c128", 128, 128),
        ("kv2-kc6-vc4", 23, 12),
        ("kv2-uniform", 611, 0),
        ("kv2-or2", 611, 0),
        ("kv2-cN", 611, 0),
        ("kv2-kcN-vt128", 611, 0),
        ("kv2-kt128-vcN", 611, 0),
    ],
)
def test_what_can_be_reused(text: str, tokens: int, shared: int) -> None:
    assert KVScheme.parse(text).shareable_prefix(tokens) == shared
    assert KVScheme.parse(text, order="after").shareable_prefix(tokens) == tokens
