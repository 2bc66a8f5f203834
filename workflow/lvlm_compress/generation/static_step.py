"""One decode step over tensors that stay where they are: recorded once, replayed as a CUDA graph.

Launching the kernels of a step one by one costs the CPU more than a GPU needs to run them. A graph
launches them all at once, but reads and writes fixed addresses: K and V lie in rooms with columns
to spare, and masks tell which of them are filled. Quantizing stays outside of the graph, between
two replays and in the same rooms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from lvlm_compress.generation.static_part import StaticPart
from lvlm_compress.kv.finite import NonFiniteError, row_totals
from lvlm_compress.models.adapter import LoadedModel

WARM_UP = 2


@dataclass
class Rooms:
    """K and V of all layers, what transformers takes for a cache: writes one column, hands out all.

    Attributes:
        keys, values: per layer [rows, kv_heads, columns, head_dim].
        column: [1], where the step writes.
        sums: [2, layers, rows] of the step's K and V; NaN or infinite if one of them is.
    """

    keys: Sequence[Tensor]
    values: Sequence[Tensor]
    column: Tensor
    sums: Tensor

    def update(
        self, keys: Tensor, values: Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Store [rows, kv_heads, 1, head_dim] of a layer, return its rooms."""
        held = self.keys[layer_idx], self.values[layer_idx]
        for number, (room, new) in enumerate(zip(held, (keys, values), strict=True)):
            room.index_copy_(2, self.column, new)
            self.sums[number, layer_idx] = row_totals(new)
        return held

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Columns, filled or not."""
        return int(self.keys[0].shape[2])


class StaticStep:
    """A step for so many rows and columns.

    Args:
        rooms: where K and V lie.
        part: what rows have in common; None when the rooms hold all.
        axes: of the position ids.
        record: as a CUDA graph; without, the same operations run one by one (CPU, tests).
    """

    def __init__(
        self, model: LoadedModel, rooms: Rooms, part: StaticPart | None, axes: int, *, record: bool
    ) -> None:
        self.model, self.rooms, self.part = model, rooms, part
        rows, _, columns, _ = rooms.keys[0].shape
        device = rooms.column.device
        self.tokens = torch.zeros(rows, dtype=torch.long, device=device)
        self.positions = torch.zeros(axes, rows, 1, dtype=torch.long, device=device)
        self.mask = torch.zeros(rows, 1, 1, columns, dtype=torch.bool, device=device)
        self.mask[..., 0] = True
        self.graph = torch.cuda.CUDAGraph() if record else None
        if self.graph is None:
            self.logits = self._forward()
        else:
            side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                for _ in range(WARM_UP):
                    self._forward()
            torch.cuda.current_stream().wait_stream(side)
            with torch.cuda.graph(self.graph):
                self.logits = self._forward()

    def fill(self, mask: Tensor | None, rows: int, column: int) -> None:
        """Say which columns of the first rows hold tokens, up to the one that is next.

        mask: [rows, columns so far]; None when all do.
        """
        self.mask.zero_()
        self.mask[rows:, ..., 0] = True  # a row of nobody's has to attend to something
        self.mask[:rows, 0, 0, :column] = True if mask is None else mask
        self.rooms.column.fill_(column)

    def run(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """Logits [rows, vocabulary] after one token a row; positions: [axes, rows].

        Raises NonFiniteError when K or V of a row is NaN or infinite.
        """
        rows = len(tokens)
        self.tokens[:rows] = tokens
        self.positions[:, :rows, 0] = positions
        if self.graph is None:
            self.logits = self._forward()
        else:
            self.graph.replay()
        self.rooms.column += 1
        self._require_finite(rows)
        return self.logits[:rows].clone()

    def _forward(self) -> Tensor:
        self.mask.index_fill_(3, self.rooms.column, True)
        one = self.positions.shape[0] == 1
        output = self.model.decoder(
            inputs_embeds=self.model.embed_ids(self.tokens),
            position_ids=self.positions[0] if one else self.positions,
            attention_mask=self.mask,
            past_key_values=self.rooms,
            use_cache=True,
            **({} if self.part is None else {"shared": self.part}),
        )
        logits: Tensor = self.model.lm_head(output.last_hidden_state[:, -1])
        return logits

    def _require_finite(self, rows: int) -> None:
        bad = ~self.rooms.sums[:, :, :rows].isfinite()
        if bool(bad.any()):
            tensor, layer, row = bad.nonzero()[0].tolist()
            raise NonFiniteError("KV"[tensor], layer, row)
