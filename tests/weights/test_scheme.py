"""Names of weight compressions (DESIGN section 3)."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys

import pytest

from lvlm_compress.errors import UserError
from lvlm_compress.weights.scheme import WeightScheme, allowed_ids


def test_the_six_ids_of_the_issue_are_known() -> None:
    ids = {"w3-awq", "w4-awq", "w8-awq", "w3-rtn", "w4-rtn", "w8-rtn"}
    assert ids <= set(allowed_ids())


@pytest.mark.parametrize("scheme_id", allowed_ids())
def test_parse_gives_back_the_id_and_a_method_that_exists(scheme_id: str) -> None:
    scheme = WeightScheme.parse(scheme_id)
    assert scheme.id == scheme_id
    assert scheme.group == 128
    assert callable(importlib.import_module(scheme.module).fold)
    assert json.loads(json.dumps(scheme.spec())) == scheme.spec()


def test_duo_scaling_is_an_option_that_enters_the_spec() -> None:
    default, duo = WeightScheme.parse("w4-awq"), WeightScheme.parse("w4-awq", duo_scaling=True)
    assert not default.duo_scaling
    assert default.spec() != duo.spec()


@pytest.mark.parametrize("wrong", ["w2-awq", "w4", "w4-gptq", "w4-awq ", "w04-awq", "fp16", "w4-"])
def test_an_unknown_id_names_the_allowed_ones(wrong: str) -> None:
    with pytest.raises(UserError, match=r"w3-awq.*w8-rtn"):
        WeightScheme.parse(wrong)


def test_planning_imports_no_torch() -> None:
    code = (
        "import sys; import lvlm_compress.weights.scheme, lvlm_compress.weights.calibration_text;"
        "assert not {'torch', 'transformers', 'polars', 'awq'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})
