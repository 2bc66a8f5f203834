"""Compressions as the report names and orders them."""

from __future__ import annotations

import pytest

from lvlm_compress.reporting import schemes


@pytest.mark.parametrize(
    ("weights", "kv", "bits", "label"),
    [
        ("fp16", "fp16", (16, 16, 16), "FP16"),
        ("fp16", "kv4-uniform", (16, 4, 4), "Uniform KV4"),
        ("fp16", "kv2-or2", (16, 2, 2), "OR s=2% KV2"),
        ("fp16", "kv2-kcN-vt128", (16, 2, 2), "g-KCNVT128 KV2"),
        ("fp16", "k3v2-t128", (16, 3, 2), "g-T128 k3v2"),
        ("w4-awq", "fp16", (4, 16, 16), "W4 AWQ"),
        ("w4-awq", "kv2-kc128-vt128", (4, 2, 2), "W4 AWQ + g-KC128VT128 KV2"),
        ("fp16", "kv3-something", (16, 3, 3), "something KV3"),
    ],
)
def test_parse_and_label(weights: str, kv: str, bits: tuple[int, int, int], label: str) -> None:
    found = schemes.parse(weights, kv)
    assert (found.weight_bits, found.k_bits, found.v_bits) == bits
    assert schemes.label(found) == label


def test_order_is_the_papers() -> None:
    """Table 8: the baseline, 4 bit from uniform to KC128VT128, then 2 bit."""
    kvs = ["kv2-uniform", "kv4-kc128-vt128", "fp16", "kv4-t128", "kv4-uniform", "kv4-or2"]
    found = sorted(kvs, key=lambda kv: schemes.order(schemes.parse("fp16", kv)))
    assert found == ["fp16", "kv4-uniform", "kv4-or2", "kv4-t128", "kv4-kc128-vt128", "kv2-uniform"]


def test_latex_names() -> None:
    assert schemes.family_tex("kc128-vt128") == "g-KC$_{128}$VT$_{128}$"
    assert schemes.family_tex("or2") == r"OR$_{s=2\%}$"
