"""What generation needs of a model, whatever its family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor, nn

from lvlm_compress.models.spec import ModelSpec

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class KVGeometry:
    """Sizes of the decoder's KV cache; kv_heads before repetition (GQA)."""

    layers: int
    kv_heads: int
    head_dim: int


@dataclass(frozen=True)
class ImageFeatures:
    """A picture as the decoder sees it.

    tokens: [image tokens, hidden]. grid: frames, rows and columns of patches where positions need
    them (Qwen2-VL).
    """

    tokens: Tensor
    grid: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class Encoded:
    """A prompt as token ids, the picture's placeholder already repeated.

    Attributes:
        ids: one id a KV entry.
        image: where the picture's tokens stand; None without a picture.
        positions: [axes, tokens]; one axis for ordinary RoPE, three for Qwen2-VL's.
    """

    ids: tuple[int, ...]
    image: slice | None
    positions: Tensor

    @property
    def prefix(self) -> int:
        """Tokens up to the end of the picture: equal for all questions about it; 0 without."""
        return 0 if self.image is None else int(self.image.stop)


class LoadedModel(Protocol):
    """A model ready to answer.

    Attributes:
        model: the whole transformers model.
        decoder: the text model without head; takes `inputs_embeds`, `attention_mask`,
            `position_ids` and `past_key_values`.
        lm_head: hidden states -> logits.
        stop_ids: token ids that end an answer.
    """

    spec: ModelSpec
    model: Any
    decoder: nn.Module
    lm_head: nn.Module
    geometry: KVGeometry
    stop_ids: frozenset[int]

    @property
    def device(self) -> torch.device:
        """Where the decoder's input goes."""

    @property
    def dtype(self) -> torch.dtype:
        """The model's dtype."""

    def pixels(self, images: Sequence[Image]) -> dict[str, Tensor]:
        """RGB pictures as the tower takes them, on the CPU."""

    def opener(self) -> LoadedModel:
        """This without weights, for another process to call `pixels` of."""

    def see(self, inputs: Mapping[str, Tensor]) -> list[ImageFeatures]:
        """Features of what `pixels` made, one forward pass of the vision tower."""

    def features(self, images: Sequence[Image]) -> list[ImageFeatures]:
        """Features of RGB pictures: both steps."""

    def encode(self, question: str, features: ImageFeatures | None) -> Encoded:
        """The whole prompt of a question; UserError when its text holds a placeholder."""

    def embed(self, encoded: Encoded, features: ImageFeatures | None) -> Tensor:
        """Input embeddings [tokens, hidden] of a prompt."""

    def embed_ids(self, ids: Tensor) -> Tensor:
        """Input embeddings [rows, 1, hidden] of one generated token a row."""

    def text(self, ids: Sequence[int]) -> str:
        """Generated ids as text: special tokens left out, stripped."""
