"""Many questions of one picture in one sequence: token stream, positions, targets, masks.

Every question sees the system prompt, its picture (unless it is text-only) and itself; positions
restart after the prefix. This equals single-turn training and pays for the picture once
(spec/embedded-model.md section 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from transformers import PreTrainedTokenizerFast

from lvlm_compress.embedded.model import PATCHES
from lvlm_compress.embedded.qa import QA
from lvlm_compress.embedded.scene import CELLS
from lvlm_compress.embedded.tokens import ANSWER, SYSTEM

UNTAUGHT = -100
_FAINT = {"habit": 0.5, "keywords": 0.3}
"""Types whose answers are partly drawn at random teach with less weight."""


@dataclass(frozen=True)
class Batch:
    """Padded streams of a few pictures; T is the longest stream.

    ids, positions, questions, targets: int64 [pictures, T]; weights: float [pictures, T];
    mask: bool [pictures, 1, T, system + 256 + T]; grounds: (picture, token) indices [n, 2] with
    their cells [n, 16]; options: indices [m, 2] with their truth [m].
    """

    ids: torch.Tensor
    positions: torch.Tensor
    questions: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor
    mask: torch.Tensor
    grounds: torch.Tensor
    ground_cells: torch.Tensor
    options: torch.Tensor
    option_truth: torch.Tensor


def system_ids(tokenizer: PreTrainedTokenizerFast) -> list[int]:
    """BOS and the system sentence; the register (weight zero) is left out of training."""
    return [tokenizer.bos_token_id, *tokenizer.encode(SYSTEM, add_special_tokens=False)]


@dataclass
class _Stream:
    ids: list[int]
    positions: list[int]
    questions: list[int]
    targets: list[int]
    weights: list[float]
    picture: list[bool]


def _add(
    stream: _Stream, tokenizer: PreTrainedTokenizerFast, qa: QA, number: int, system: int
) -> tuple[int, dict[int, int]]:
    """Append one question; returns where it starts and character end -> token index."""
    lead = "\n" if qa.picture else ""
    asked = tokenizer(
        f"{lead}{qa.prompt}{ANSWER}", add_special_tokens=False, return_offsets_mapping=True
    )
    answer = [*tokenizer.encode(f" {qa.answer}", add_special_tokens=False), tokenizer.eos_token_id]
    ids = asked["input_ids"] + answer[:-1]
    start = len(stream.ids)
    first = 1 + system + (PATCHES if qa.picture else 0)
    stream.ids += ids
    stream.positions += range(first, first + len(ids))
    stream.questions += [number] * len(ids)
    stream.picture += [qa.picture] * len(ids)
    taught = len(asked["input_ids"]) - 1
    stream.targets += [UNTAUGHT] * taught + answer
    stream.weights += [0.0] * taught + [_FAINT.get(qa.kind, 1.0)] * len(answer)
    ends = {end - len(lead): start + i for i, (_, end) in enumerate(asked["offset_mapping"])}
    return start, ends


def pack(lessons: Sequence[Sequence[QA]], tokenizer: PreTrainedTokenizerFast, system: int) -> Batch:
    """Pack the questions of each picture; ``system``: the number of prefix tokens before it."""
    streams, grounds, cells, options, truth = [], [], [], [], []
    for picture, qas in enumerate(lessons):
        stream = _Stream([], [], [], [], [], [])
        for number, qa in enumerate(qas):
            _, ends = _add(stream, tokenizer, qa, number, system)
            for mark in qa.marks:
                spot = [picture, ends[mark.end]]
                if mark.cells is not None:
                    grounds.append(spot)
                    cells.append([float(cell in mark.cells) for cell in range(CELLS)])
                if mark.right is not None:
                    options.append(spot)
                    truth.append(float(mark.right))
        streams.append(stream)
    length = max(len(stream.ids) for stream in streams)

    def padded(name: str, fill: float, dtype: torch.dtype) -> torch.Tensor:
        rows = [getattr(s, name) + [fill] * (length - len(s.ids)) for s in streams]
        return torch.tensor(rows, dtype=dtype)

    questions = padded("questions", -1, torch.long)
    return Batch(
        ids=padded("ids", 0, torch.long),
        positions=padded("positions", 0, torch.long),
        questions=questions,
        targets=padded("targets", UNTAUGHT, torch.long),
        weights=padded("weights", 0.0, torch.float32),
        mask=_mask(questions, padded("picture", False, torch.bool), system),
        grounds=torch.tensor(grounds, dtype=torch.long).reshape(-1, 2),
        ground_cells=torch.tensor(cells).reshape(-1, CELLS),
        options=torch.tensor(options, dtype=torch.long).reshape(-1, 2),
        option_truth=torch.tensor(truth),
    )


def _mask(questions: torch.Tensor, picture: torch.Tensor, system: int) -> torch.Tensor:
    """True where a query may look: bool [pictures, 1, T, system + 256 + T]."""
    count, length = questions.shape
    own = (questions[:, :, None] == questions[:, None, :]) & torch.ones(
        length, length
    ).tril().bool()
    prefix = torch.ones(count, length, system, dtype=torch.bool)
    image = picture[:, :, None].expand(count, length, PATCHES)
    return torch.cat([prefix, image, own], dim=2)[:, None]
