"""The original Qwen-VL (base, 2023), converted by `convert_qwen_vl`. Prompt: `qwen_vl`.

A picture is 448 x 448 pixels and 256 tokens between <img> and </img>. The original writes the
picture's path into those 256 places and later overwrites their embeddings; here they hold <imgpad>,
which is overwritten just so. Answers end at <|endoftext|> only.

Established from public copies of modeling_qwen.py, visual.py, tokenization_qwen.py, config.json and
eval_mm/evaluate_vqa.py, and from vLLM's port, which agree: names, shapes and arithmetic of decoder,
tower and resampler; the order of special tokens (<img> 151857, </img> 151858, <imgpad> 151859; the
converter compares it with config.json); the prompt `<img>PATH</img>{Q} Answer:`.

Not established, for want of the weights:

* That converted weights answer as the original does. Only the arithmetic is tested.
* Which of the base model's repository revisions the paper used, and with which prompt it asked
  MM-Vet, MME and the other benchmarks that Qwen's own scripts don't ask this way.
* The prompt without a picture; it is taken to be `{Q} Answer:`.
* Questions and answers beyond `seq_length` (2048) tokens: there the original turns on dynamic NTK
  and log-n attention, which are not here. Longer prompts are refused; an answer that grows past it
  is not noticed.
* Qwen's scripts cut answers at 10 tokens for VQA and forbid an empty one; here the benchmark says
  how long an answer may be.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lvlm_compress.errors import UserError
from lvlm_compress.models import checkpoint
from lvlm_compress.models.adapter import Encoded, ImageFeatures
from lvlm_compress.models.prompts import style
from lvlm_compress.models.qwen_vl_config import ORIGINAL
from lvlm_compress.models.spec import ModelSpec
from lvlm_compress.models.vlm import (
    VisionLanguageModel,
    load_pictures,
    load_tokenizer,
    stop_tokens,
)

PROCESSORS = ("CLIPImageProcessor",)


class QwenVL(VisionLanguageModel):
    """A loaded Qwen-VL."""

    @torch.inference_mode()
    def see(self, inputs: Mapping[str, Tensor]) -> list[ImageFeatures]:
        """Features of pictures, one forward pass of tower and resampler."""
        found = self.model.image_features(inputs["pixel_values"])
        return [ImageFeatures(tokens) for tokens in found]

    def encode(self, question: str, features: ImageFeatures | None) -> Encoded:
        """The whole prompt; UserError when it holds a placeholder or is longer than seq_length."""
        encoded = super().encode(question, features)
        longest = self.model.config.text_config.max_position_embeddings
        if len(encoded.ids) > longest:
            raise UserError(
                f"A prompt has {len(encoded.ids)} tokens, but Qwen-VL's arithmetic is established "
                f"up to {longest} only; the question is {question[:80]!r}."
            )
        return encoded


def load(spec: ModelSpec) -> QwenVL:
    """Load a converted Qwen-VL from local files.

    Raises:
        UserError: a checkpoint not converted yet, another architecture, a missing or unfitting
            weight file, another family's processor, an unknown prompt style.
    """
    prompt = style(spec.prompt)
    path = checkpoint.folder(spec)
    if checkpoint.read_json(path / "config.json").get("model_type") == ORIGINAL:
        raise UserError(
            f"{path} is the original Qwen-VL, whose code is not run here; convert it with `python "
            "-m lvlm_compress.models.convert_qwen_vl` and set the model's 'path' to the result."
        )
    checkpoint.check(path, ["qwen_vl"])
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    from lvlm_compress.models.qwen_vl_model import QwenVLForConditionalGeneration

    pictures = load_pictures(CLIPImageProcessorPil, path, PROCESSORS)
    tokenizer = load_tokenizer(path)
    model = checkpoint.load_weights(QwenVLForConditionalGeneration, path, spec)
    check_size(model.config, pictures, path)
    return QwenVL(
        spec=spec,
        model=model,
        tokenizer=tokenizer,
        pictures=pictures,
        style=prompt,
        image_token_id=model.config.image_token_id,
        stop_ids=stop_tokens(model, tokenizer, prompt),
    )


def check_size(config: Any, pictures: Any, path: Path) -> None:
    """UserError unless the processor makes the square that the tower takes."""
    side = config.vision_config.image_size
    size = dict(pictures.size)
    if pictures.do_center_crop or (size.get("height"), size.get("width")) != (side, side):
        raise UserError(
            f"The image processor in {path} does not resize to {side} x {side}, which the tower "
            "takes; convert the checkpoint again."
        )
