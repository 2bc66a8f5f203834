"""TextVQA's prompts: built from parts, and taken apart again.

Source: spec/benchmarks.md section 4 (the kit's `llava_textvqa_val_v051_ocr.jsonl`, and the question
recovery of `eval_textvqa.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lvlm_compress.benchmarks.examples import SHORT_ANSWER

OCR = "Reference OCR token: "
OLD_FORM = re.compile(r"Question: (.*?) Short answer:", re.DOTALL)


def prompt(question: str, tokens: Sequence[str] | None) -> str:
    """Question (first letter upper, the rest lower case), the OCR line unless None, the suffix."""
    line = "" if tokens is None else f"\n{OCR}{', '.join(tokens)}"
    return f"{question.capitalize()}{line}{SHORT_ANSWER}"


def without_ocr(kit_prompt: str) -> str:
    """The kit's prompt less its OCR line."""
    return "\n".join(line for line in kit_prompt.split("\n") if not line.startswith(OCR))


def question_of(text: str) -> str | None:
    """The question in a prompt, in lower case as the official key has it; None if unreadable."""
    parts = text.split("\n")
    if text.startswith("OCR tokens: "):
        found = OLD_FORM.search(text)
        return found.group(1).lower() if found else None
    if OCR in text and len(parts) == 3:
        return parts[1 if parts[0].startswith(OCR.rstrip()) else 0].lower()
    return parts[0].lower() if len(parts) == 2 else None
