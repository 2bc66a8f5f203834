"""The random checkpoint of the generation tests, for loading tests."""

from __future__ import annotations

import pytest

from tests.generation import tiny
from tests.models import qwen_vl_original as qwen_vl_original_files


@pytest.fixture(scope="session")
def llava_folder(tmp_path_factory):
    return tiny.save_llava(tmp_path_factory.mktemp("tiny-llava"))


@pytest.fixture(scope="session")
def qwen_vl_original(tmp_path_factory):
    return qwen_vl_original_files.write(tmp_path_factory.mktemp("qwen-vl") / "original")


@pytest.fixture(scope="session")
def qwen_vl_folder(qwen_vl_original):
    """The same, converted."""
    from lvlm_compress.models.convert_qwen_vl import convert

    convert(qwen_vl_original, qwen_vl_original.parent / "converted")
    return qwen_vl_original.parent / "converted"
