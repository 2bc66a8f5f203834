"""A quantized weight matrix in its stored form, and a linear layer that keeps it so."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lvlm_compress.packing import pack, unpack
from lvlm_compress.weights.quantizer import SCALE_DTYPE, Quantized, dequantize


@dataclass(frozen=True)
class PackedWeight:
    """Packed codes, scales and zero points of a matrix [rows, columns].

    codes: int32 [rows, words], each row packed by itself. scales: fp16 [rows, groups].
    zeros: int32 [words], all rows in one stream, since a row alone may not fill a word.
    Bits per weight: bits + (16 + bits) / group.
    """

    codes: Tensor
    scales: Tensor
    zeros: Tensor
    bits: int
    group: int

    @classmethod
    def of(cls, quantized: Quantized, bits: int, group: int) -> PackedWeight:
        """Pack integer codes and zero points."""
        zeros = pack(quantized.zeros.flatten(), bits)
        return cls(pack(quantized.codes, bits), quantized.scales, zeros, bits, group)

    def to(self, device: torch.device | str) -> PackedWeight:
        """The same on another device ("meta": the shapes alone)."""
        codes, scales, zeros = self.codes.to(device), self.scales.to(device), self.zeros.to(device)
        return PackedWeight(codes, scales, zeros, self.bits, self.group)

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) of the matrix."""
        rows, groups = self.scales.shape
        return rows, groups * self.group

    @property
    def nbytes(self) -> int:
        """Bytes of the three tensors."""
        return self.codes.nbytes + self.scales.nbytes + self.zeros.nbytes

    def to_matrix(self, dtype: torch.dtype) -> Tensor:
        """Dequantized [rows, columns] in `dtype`, on the device of the codes."""
        codes = unpack(self.codes, self.bits, self.shape[1])
        zeros = unpack(self.zeros, self.bits, self.scales.numel()).reshape(self.scales.shape)
        return dequantize(Quantized(codes, self.scales, zeros), dtype)


class PackedLinear(nn.Module):
    """A linear layer that holds codes and dequantizes them in each forward pass.

    Bit-equal to the dense layer: the same matrix in the dtype of the input goes through the same
    product. The scales are kept as their 16-bit patterns, so that casting the model to another
    dtype cannot change them.
    """

    codes: Tensor
    zeros: Tensor
    scale_patterns: Tensor

    def __init__(self, weight: PackedWeight, bias: nn.Parameter | None) -> None:
        super().__init__()
        self.bits, self.group = weight.bits, weight.group
        self.out_features, self.in_features = weight.shape
        # Not part of the state dict: a checkpoint of the model knows nothing of these.
        self.register_buffer("codes", weight.codes, persistent=False)
        self.register_buffer("zeros", weight.zeros, persistent=False)
        self.register_buffer("scale_patterns", weight.scales.view(torch.int16), persistent=False)
        self.bias = bias

    @property
    def packed(self) -> PackedWeight:
        """The weight in stored form."""
        scales = self.scale_patterns.view(SCALE_DTYPE)
        return PackedWeight(self.codes, scales, self.zeros, self.bits, self.group)

    def hold(self, weight: PackedWeight) -> None:
        """Take over another weight of the same shape and width, on this layer's device."""
        self.codes.copy_(weight.codes)
        self.zeros.copy_(weight.zeros)
        self.scale_patterns.copy_(weight.scales.view(torch.int16))

    def forward(self, inputs: Tensor) -> Tensor:
        """[..., in_features] -> [..., out_features]."""
        weight = self.packed.to_matrix(inputs.dtype)
        return nn.functional.linear(inputs, weight, self.bias)

    def extra_repr(self) -> str:
        """Shape and width, for printing a model."""
        return f"{self.in_features}, {self.out_features}, bits={self.bits}, group={self.group}"
