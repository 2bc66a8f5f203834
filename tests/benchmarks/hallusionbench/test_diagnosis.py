"""The error diagnosis table of spec/benchmarks.md section 10, row by row."""

from __future__ import annotations

import polars as pl
import pytest

from lvlm_compress.benchmarks.hallusionbench.diagnosis import error_class, with_original

LH, VI, MIXED = "language_hallucination", "visual_illusion", "mixed"

ORIGINALS = [
    ("VD", 0, VI),
    ("VD", 1, None),
    ("VD", 2, VI),
    ("VS", 0, LH),
    ("VS", 1, None),
    ("VS", 2, None),
]

# category, visual_input, o, c, same, class
EDITED = [
    ("VD", "2", 1, 0, True, MIXED),
    ("VD", "2", 1, 0, False, VI),
    ("VD", "2", 1, 2, False, VI),
    ("VD", "2", 1, 2, True, VI),
    *[("VD", "2", o, c, same, VI) for o in (0, 2) for c in (0, 2) for same in (True, False)],
    ("VS", "1", 0, 0, True, LH),
    ("VS", "2", 0, 0, False, MIXED),
    ("VS", "1", 0, 2, True, MIXED),
    ("VS", "2", 0, 2, False, MIXED),
    *[("VS", v, 2, c, same, VI) for v in "12" for c in (0, 2) for same in (True, False)],
    ("VS", "1", 1, 2, True, VI),
    ("VS", "2", 1, 2, False, VI),
    ("VS", "1", 1, 0, True, VI),
    ("VS", "1", 1, 0, False, VI),
    ("VS", "2", 1, 0, True, LH),
    ("VS", "2", 1, 0, False, VI),
    *[(category, "2", o, 1, True, None) for category in ("VD", "VS") for o in (0, 1, 2)],
]


def frame(rows):
    names = ["category", "figure_id", "visual_input", "code", "same"]
    keys = {"subcategory": "chart", "set_id": "0", "question_id": "0"}
    return pl.DataFrame(rows, schema=names, orient="row").with_columns(
        pl.lit(value).alias(name) for name, value in keys.items()
    )


@pytest.mark.parametrize(("category", "code", "expected"), ORIGINALS)
def test_original_figure(category, code, expected):
    rows = frame([(category, "0", "0" if category == "VS" else "1", code, True)])
    assert with_original(rows).select(error_class()).item() == expected


@pytest.mark.parametrize(("category", "visual", "original", "code", "same", "expected"), EDITED)
def test_other_figure(category, visual, original, code, same, expected):
    rows = frame([(category, "0", "0", original, True), (category, "1", visual, code, same)])
    assert with_original(rows).select(error_class()).to_series()[1] == expected


def test_no_original_no_class():
    rows = frame([("VD", "1", "2", 0, True), ("VS", "1", "2", 0, True)])
    assert with_original(rows).select(error_class()).to_series().to_list() == [None, None]
