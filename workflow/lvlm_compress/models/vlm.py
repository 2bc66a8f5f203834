"""The part of a loaded model that all families share: tokens, embeddings, stops, geometry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from lvlm_compress.errors import UserError
from lvlm_compress.models.adapter import Encoded, ImageFeatures, KVGeometry
from lvlm_compress.models.prompts import PromptStyle
from lvlm_compress.models.spec import ModelSpec

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass
class VisionLanguageModel:
    """Base of the families; see `adapter.LoadedModel`.

    Attributes:
        model: the transformers model (`...ForConditionalGeneration`).
        style: the prompt; None for the checkpoint's own chat template.
        pictures: the image processor.
        image_token_id: the placeholder's id.
    """

    spec: ModelSpec
    model: Any
    tokenizer: Any
    pictures: Any
    style: PromptStyle | None
    image_token_id: int
    stop_ids: frozenset[int]

    @property
    def decoder(self) -> nn.Module:
        """The text model without head."""
        decoder: nn.Module = self.model.model.language_model
        return decoder

    @property
    def lm_head(self) -> nn.Module:
        """Hidden states -> logits."""
        head: nn.Module = self.model.lm_head
        return head

    @property
    def geometry(self) -> KVGeometry:
        """From the text config; head_dim where it is given (Gemma) else hidden / heads."""
        config = self.model.config.get_text_config(decoder=True)
        heads = config.num_attention_heads
        head_dim = getattr(config, "head_dim", None) or config.hidden_size // heads
        return KVGeometry(config.num_hidden_layers, config.num_key_value_heads, head_dim)

    @property
    def device(self) -> torch.device:
        """Where the decoder's input goes."""
        return self._embeddings.weight.device

    @property
    def dtype(self) -> torch.dtype:
        """The model's dtype."""
        return self._embeddings.weight.dtype

    @property
    def _embeddings(self) -> nn.Embedding:
        embeddings: nn.Embedding = self.model.get_input_embeddings()
        return embeddings

    def pixels(self, images: Sequence[Image]) -> dict[str, Tensor]:
        """RGB pictures as the tower takes them, on the CPU; touches no weight, so a loader
        process can do it.
        """
        inputs: dict[str, Tensor] = dict(self.pictures(list(images), return_tensors="pt"))
        return inputs

    def opener(self) -> VisionLanguageModel:
        """This without weights and tokenizer, for another process to call `pixels` of."""
        return replace(self, model=None, tokenizer=None)

    def see(self, inputs: Mapping[str, Tensor]) -> list[ImageFeatures]:
        """Features of what `pixels` made, one forward pass of the vision tower."""
        raise NotImplementedError

    def features(self, images: Sequence[Image]) -> list[ImageFeatures]:
        """Features of RGB pictures."""
        return self.see(self.pixels(images))

    def to_device(self, tensor: Tensor) -> Tensor:
        """Pixel values in the model's dtype where its tower is, without waiting if pinned."""
        moved = tensor.to(self.model.device, non_blocking=True)
        return moved.to(self.dtype)

    def positions(self, tokens: int, image: slice | None, features: ImageFeatures | None) -> Tensor:
        """Position ids [axes, tokens] of a prompt."""
        return torch.arange(tokens).unsqueeze(0)

    def prompt(self, question: str, *, image: bool) -> str:
        """The prompt text with one placeholder for the picture."""
        if self.style is not None:
            return self.style.text(question, image=image)
        content: list[dict[str, str]] = [{"type": "image"}] if image else []
        turn = {"role": "user", "content": [*content, {"type": "text", "text": question}]}
        try:
            text: str = self.tokenizer.apply_chat_template(
                [turn], tokenize=False, add_generation_prompt=True
            )
        except ValueError as error:
            raise UserError(
                f"{self.spec.where} has no chat template for prompt style hub_template: {error}"
            ) from error
        # The tokenizer writes BOS itself; a template that does as well would double it.
        bos = self.tokenizer.bos_token
        writes_bos = self.tokenizer("").input_ids[-1:] == [self.tokenizer.bos_token_id]
        return text.removeprefix(bos) if bos and writes_bos else text

    def encode(self, question: str, features: ImageFeatures | None) -> Encoded:
        """The whole prompt of a question; UserError when its text holds a placeholder."""
        ids: list[int] = self.tokenizer(self.prompt(question, image=features is not None)).input_ids
        found = ids.count(self.image_token_id)
        if found != (features is not None):
            raise UserError(
                f"A prompt holds {found} image placeholders where {int(features is not None)} "
                f"belong; the question is {question[:80]!r}."
            )
        span = None
        if features is not None:
            at, count = ids.index(self.image_token_id), features.tokens.shape[0]
            ids[at : at + 1] = [self.image_token_id] * count
            span = slice(at, at + count)
        return Encoded(tuple(ids), span, self.positions(len(ids), span, features))

    def embed(self, encoded: Encoded, features: ImageFeatures | None) -> Tensor:
        """Input embeddings [tokens, hidden] of a prompt."""
        ids = torch.tensor(encoded.ids, device=self.device)
        embedded: Tensor = self._embeddings(ids)
        if encoded.image is not None and features is not None:
            embedded[encoded.image] = features.tokens.to(embedded)
        return embedded

    def embed_ids(self, ids: Tensor) -> Tensor:
        """Input embeddings [rows, 1, hidden] of one generated token a row."""
        embedded: Tensor = self._embeddings(ids.to(self.device).unsqueeze(1))
        return embedded

    def text(self, ids: Sequence[int]) -> str:
        """Generated ids as text: special tokens left out, stripped."""
        text: str = self.tokenizer.decode(list(ids), skip_special_tokens=True)
        return text.strip()


def load_tokenizer(path: Path) -> Any:
    """The checkpoint's tokenizer; UserError when its files are missing or of no known kind."""
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(path, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise UserError(f"The tokenizer in {path} can't be loaded: {error}") from error


def load_pictures(processor_class: Any, path: Path, kinds: Sequence[str]) -> Any:
    """The checkpoint's image processor, in its Pillow form wherever it runs.

    kinds: names of processor classes the family takes.
    Raises UserError when the files are missing or are another family's.
    """
    try:
        config, _ = processor_class.get_image_processor_dict(path, local_files_only=True)
    except (OSError, ValueError) as error:
        raise UserError(f"The image processor in {path} can't be loaded: {error}") from error
    kind = config.get("image_processor_type") or config.get("feature_extractor_type")
    if kind is not None and kind.removesuffix("Fast").removesuffix("Pil") not in kinds:
        raise UserError(
            f"{path} has a processor of type {kind} where this family takes {' or '.join(kinds)}; "
            "it holds the processor files of another checkpoint."
        )
    return processor_class.from_dict(config)


def require_full_attention(config: Any, path: Path) -> None:
    """UserError for a decoder with sliding windows: the quantizing cache keeps every token."""
    text = config.get_text_config(decoder=True)
    kinds = getattr(text, "layer_types", None)
    sliding = "sliding_attention" in kinds if kinds else getattr(text, "sliding_window", None)
    if sliding:
        raise UserError(
            f"{path / 'config.json'} describes a decoder with sliding-window attention, which the "
            "KV schemes don't cover; use a checkpoint with full attention."
        )


def stop_tokens(model: Any, tokenizer: Any, style: PromptStyle | None) -> frozenset[int]:
    """EOS of generation config, model config and tokenizer, and the prompt style's own stops.

    Raises:
        UserError: the tokenizer does not know a stop of the style as one token.
    """
    text_config = model.config.get_text_config(decoder=True)
    stops: set[int] = set()
    for found in (model.generation_config.eos_token_id, text_config.eos_token_id):
        stops.update([found] if isinstance(found, int) else found or [])
    if tokenizer.eos_token_id is not None:
        stops.add(tokenizer.eos_token_id)
    for stop in style.stops if style is not None else ():
        token = tokenizer.convert_tokens_to_ids(stop)
        if token is None or token == tokenizer.unk_token_id:
            raise UserError(
                f"The prompt style ends answers at {stop}, which the tokenizer of "
                f"{tokenizer.name_or_path} does not have; set the model's 'prompt'."
            )
        stops.add(token)
    return frozenset(stops)
