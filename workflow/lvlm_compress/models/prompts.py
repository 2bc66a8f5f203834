"""Prompt styles: the exact text around a question, and what belongs to it.

Strings follow the evaluation kits the paper used (spec/benchmarks.md section 1.1): single blanks,
nothing after the last colon, no BOS (the tokenizer writes it).
"""

from __future__ import annotations

from dataclasses import dataclass

from lvlm_compress.errors import UserError

HUB_TEMPLATE = "hub_template"
VICUNA_SYSTEM = (
    "A chat between a curious user and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the user's questions."
)
CHATML_SYSTEM = "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"


@dataclass(frozen=True)
class PromptStyle:
    """Text before and after the user's turn.

    Attributes:
        before, after: around image placeholder and question.
        image: the placeholder with what separates it from the question; empty when the style
            leaves it to the family.
        pad_square: pictures are padded to a square before the processor (LLaVA-1.5's `pad`).
        stops: special tokens that end an answer beside the model's own.
    """

    before: str
    after: str
    image: str = "<image>\n"
    pad_square: bool = False
    stops: tuple[str, ...] = ()

    def text(self, question: str, *, image: bool) -> str:
        """The whole prompt; without a picture the placeholder is left out, all else is equal."""
        return f"{self.before}{self.image if image else ''}{question}{self.after}"


STYLES = {
    "vicuna_v1": PromptStyle(f"{VICUNA_SYSTEM} USER: ", " ASSISTANT:", pad_square=True),
    "mistral_instruct": PromptStyle("[INST] ", " [/INST]"),
    "gemma": PromptStyle(
        "<start_of_turn>user\n",
        "<end_of_turn>\n<start_of_turn>model\n",
        stops=("<end_of_turn>",),
    ),
    "qwen_chat": PromptStyle(
        f"{CHATML_SYSTEM}<|im_start|>user\n",
        "<|im_end|>\n<|im_start|>assistant\n",
        image="<|vision_start|><|image_pad|><|vision_end|>",
        stops=("<|im_end|>",),
    ),
    # The original writes the picture's path between the tags; its tokens take that place.
    "qwen_vl": PromptStyle("", " Answer:", image="<img><imgpad></img>"),
}


def style(name: str) -> PromptStyle | None:
    """A style by its name; None for `hub_template`, whose text the checkpoint's template makes."""
    if name == HUB_TEMPLATE:
        return None
    if name not in STYLES:
        known = ", ".join([*STYLES, HUB_TEMPLATE])
        raise UserError(f"Unknown prompt style '{name}' (key 'prompt'); known are {known}.")
    return STYLES[name]
