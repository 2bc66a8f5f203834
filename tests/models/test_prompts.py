"""Prompt strings against spec/benchmarks.md section 1.1."""

from __future__ import annotations

import pytest

from lvlm_compress.errors import UserError
from lvlm_compress.models.prompts import style

VICUNA = (
    "A chat between a curious user and an artificial intelligence assistant. The assistant gives "
    "helpful, detailed, and polite answers to the user's questions. USER: "
)


@pytest.mark.parametrize(
    ("name", "image", "expected"),
    [
        ("vicuna_v1", True, VICUNA + "<image>\nIs it red? ASSISTANT:"),
        ("vicuna_v1", False, VICUNA + "Is it red? ASSISTANT:"),
        ("mistral_instruct", True, "[INST] <image>\nIs it red? [/INST]"),
        (
            "gemma",
            True,
            "<start_of_turn>user\n<image>\nIs it red?<end_of_turn>\n<start_of_turn>model\n",
        ),
    ],
)
def test_the_exact_text(name, image, expected):
    assert style(name).text("Is it red?", image=image) == expected


def test_hub_template_and_unknown():
    assert style("hub_template") is None
    with pytest.raises(UserError, match=r"known are vicuna_v1, .*hub_template"):
        style("llava_v1")
