"""A random tiny LLaVA, written once a session and loaded in the dtype a test asks for."""

from __future__ import annotations

import pytest

from tests.generation import tiny


@pytest.fixture(scope="session")
def llava_folder(tmp_path_factory):
    return tiny.save_llava(tmp_path_factory.mktemp("tiny-llava"))


@pytest.fixture(scope="session")
def exact(llava_folder):
    """The tiny LLaVA in fp64, where batches, prefixes and orders must change nothing."""
    from lvlm_compress.models.families import load
    from lvlm_compress.models.spec import ModelSpec

    return load(ModelSpec("llava", llava_folder, dtype="float64"))


@pytest.fixture(scope="session")
def questions(tmp_path_factory):
    return tiny.examples(tmp_path_factory.mktemp("pictures"))
