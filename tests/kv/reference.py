"""Spec sections 1, 2 and 4 once more, as plainly as possible: numpy, one sample, loops, no sharing.

Matrices are [tokens, D], column = head * head_dim + channel, as section 1 writes them.
"""

from __future__ import annotations

import re

import numpy as np
import torch
from numpy.typing import NDArray

Matrix = NDArray[np.float32]


def group(values: Matrix, bits: int) -> Matrix:
    """One group: everything in fp32, division by the step, half to even."""
    low, high = values.min(), values.max()
    step = np.float32((high - low) / np.float32(2**bits - 1))
    if step == 0:
        return np.full_like(values, low)
    codes = np.clip(np.rint((values - low) / step), 0, 2**bits - 1).astype(np.float32)
    return codes * step + low


def outlier_reduced(a: Matrix, bits: int, percent: float) -> Matrix:
    """By a full sort, as the paper's code does it."""
    flat = a.flatten()
    k = int(np.floor(flat.size * percent / 200 + 1e-9))
    order = np.argsort(flat, kind="stable")
    inner = order[k : flat.size - k]
    out = flat.copy()
    out[inner] = group(flat[inner], bits)
    return out.reshape(a.shape)


def quantized_tokens(part: str, tokens: int) -> int:
    found = re.fullmatch(r"c(\d+)", part)
    return tokens // int(found[1]) * int(found[1]) if found else tokens


def quantize(a: Matrix, part: str, bits: int) -> Matrix:
    """One tensor of one sample; `part` as in ids."""
    a = a.astype(np.float32)
    tokens, width = a.shape
    out = a.copy()
    if part == "uniform":
        return group(a, bits)
    if part.startswith("or"):
        return outlier_reduced(a, bits, float(part[2:]))
    size = tokens if part == "cN" else int(part[1:])
    if part[0] == "t":
        for token in range(tokens):
            for start in range(0, width, size):
                out[token, start : start + size] = group(a[token, start : start + size], bits)
        return out
    for start in range(0, tokens - size + 1, size):
        for column in range(width):
            out[start : start + size, column] = group(a[start : start + size, column], bits)
    return out


def to_matrix(x: torch.Tensor) -> Matrix:
    """[heads, tokens, head_dim] -> [tokens, D] in fp32."""
    matrix: Matrix = x.transpose(0, 1).flatten(1).float().numpy()
    return matrix


def from_matrix(a: Matrix, like: torch.Tensor) -> torch.Tensor:
    heads, tokens, head_dim = like.shape
    return torch.from_numpy(a).reshape(tokens, heads, head_dim).transpose(0, 1).to(like.dtype)


def quantize_tensor(x: torch.Tensor, part: str, bits: int) -> torch.Tensor:
    """[heads, tokens, head_dim] of one sample."""
    if part == "fp16" or x.shape[1] == 0:
        return x.clone()
    return from_matrix(quantize(to_matrix(x), part, bits), x)


def trace(x: torch.Tensor, part: str, bits: int, prefill: int, gap: int) -> torch.Tensor:
    """What attention is handed after the last token: section 4, one sample, one tensor."""
    stored = quantize_tensor(x[:, :prefill], part, bits)
    done = quantized_tokens(part, prefill)
    for token in range(prefill, x.shape[1]):
        if token and token % gap == 0 and part != "fp16":
            until = quantized_tokens(part, token)
            again = part == "cN" or part == "uniform" or part.startswith("or")
            start = 0 if again else done
            fresh = quantize_tensor(stored[:, start:until], part, bits)
            stored = torch.cat([stored[:, :start], fresh, stored[:, until:]], dim=1)
            done = until
        stored = torch.cat([stored, x[:, token : token + 1]], dim=1)
    return stored
