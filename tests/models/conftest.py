"""The random checkpoint of the generation tests, for loading tests."""

from __future__ import annotations

import pytest

from tests.generation import tiny


@pytest.fixture(scope="session")
def llava_folder(tmp_path_factory):
    return tiny.save_llava(tmp_path_factory.mktemp("tiny-llava"))
