"""A causal language model around the modules of a vision-language model, shared and not copied.

AutoAWQ's own Llava wrappers look for an attribute layout that transformers 5 no longer has.
This shell has what AutoAWQ asks of a model (`model`, `lm_head`, `config`, a forward pass and
`prepare_inputs_for_generation`), so that it edits the vision-language model in place, text only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


class CausalShell(nn.Module):
    """Decoder and output head as a causal LM.

    decoder: the text model (`model.get_decoder()`), with `layers`, `embed_tokens`, `rotary_emb`.
    lm_head: hidden states -> logits. config: `model.config.get_text_config()`.
    """

    def __init__(self, decoder: nn.Module, lm_head: nn.Module, config: Any) -> None:
        super().__init__()
        self.model = decoder
        self.lm_head = lm_head
        self.config = config

    def forward(self, input_ids: Tensor) -> Tensor:
        """Token ids [batch, tokens] -> logits [batch, tokens, vocabulary]."""
        hidden = self.model(input_ids=input_ids, use_cache=False).last_hidden_state
        logits: Tensor = self.lm_head(hidden)
        return logits

    def prepare_inputs_for_generation(self, input_ids: Tensor, **kwargs: Any) -> dict[str, Any]:
        """What AutoAWQ calls to complete a layer's arguments; the decoder already made them all."""
        return {"input_ids": input_ids, **kwargs}

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Evaluation mode without gradients; the modules' own mode comes back afterwards."""
        modes = {module: module.training for module in self.modules()}
        self.eval()
        try:
            with torch.no_grad():
                yield
        finally:
            for module, training in modes.items():
                module.training = training
