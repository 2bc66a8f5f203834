"""Ids of DESIGN section 3: every form, its one spelling, and refusals that help."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvlm_compress.errors import UserError
from lvlm_compress.kv import KVScheme
from lvlm_compress.kv.ids import examples


@pytest.mark.parametrize("text", [*examples(), "k3v2-t128", "kv2-or0.5", "k2v4-kcN-vt64"])
def test_canonical_ids_come_back(text: str) -> None:
    assert KVScheme.parse(text).canonical == str(KVScheme.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("k2v2-t128", "kv2-t128"),
        ("kv4-kt64-vt64", "kv4-t64"),
        ("k3v3-kcN-vt128", "kv3-kcN-vt128"),
        ("kv2-or2.0", "kv2-or2"),
        ("kv2-or10", "kv2-or10"),
    ],
)
def test_other_spellings_are_normalised(text: str, canonical: str) -> None:
    assert KVScheme.parse(text).canonical == canonical


def test_the_parts_are_told() -> None:
    scheme = KVScheme.parse("k3v2-kc64-vt128")
    assert (scheme.k.kind, scheme.k.bits, scheme.k.group) == ("per_channel", 3, 64)
    assert (scheme.v.kind, scheme.v.bits, scheme.v.group) == ("per_token", 2, 128)
    assert KVScheme.parse("kv4-uniform").k.group is None
    assert KVScheme.parse("fp16").is_identity
    assert not scheme.is_identity


@pytest.mark.parametrize(
    "text",
    [
        *("", "kv", "kv2", "kv5-t128", "kv16-t128", "kv2-t", "kv2-t0", "kv2-t-8", "kv2-cn"),
        *("kv2-or", "kv2-or0", "kv2-or100", "kv2-or0.0", "kv2-kc128", "kv2-vt128-kc128"),
        *("kv2-t128 ", "KV2-t128", "k2-t128", "kv2-kc128-vx", "w4-awq", "kv2-t١٢٨", "fp8"),
    ],
)
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(UserError) as caught:
        KVScheme.parse(text)
    assert f"'{text}'" in str(caught.value)
    assert "nearest" in str(caught.value)


def test_the_nearest_id_is_offered() -> None:
    with pytest.raises(UserError, match="kv4-uniform"):
        KVScheme.parse("kv4-unifrom")


@given(st.text(alphabet="kvctorN0123456789.-", max_size=14))
def test_parsing_ends_in_a_scheme_or_a_user_error(text: str) -> None:
    try:
        scheme = KVScheme.parse(text)
    except UserError:
        return
    assert KVScheme.parse(scheme.canonical) == scheme
