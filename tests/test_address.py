"""Digests: DESIGN.md section 3, spec/workflow.md section 2."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvlm_compress.address import Part, canonical_json, plain, recompute, spec_digest

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(min_size=1), values, min_size=1))
def test_a_specification_read_back_has_its_digest(spec):
    parts = {name: Part.of(value) for name, value in spec.items()}
    assert recompute("generation", plain(parts)) == spec_digest("generation", parts)


@given(st.dictionaries(st.text(), values))
def test_order_of_keys_does_not_matter(content):
    turned = dict(reversed(content.items()))
    assert canonical_json(content) == canonical_json(turned)


def test_kind_name_and_value_all_count():
    parts = {"a": Part.of(1), "b": Part.of(2)}
    swapped = {"a": Part.of(2), "b": Part.of(1)}
    digests = {spec_digest("x", parts), spec_digest("y", parts), spec_digest("x", swapped)}
    assert len(digests) == 3
    assert all(len(digest) == 16 for digest in digests)


def test_not_a_number_has_no_digest():
    with pytest.raises(ValueError, match="JSON"):
        Part.of(float("nan"))
