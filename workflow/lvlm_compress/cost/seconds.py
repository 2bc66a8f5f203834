"""Seconds of a cell on a device, from FLOP and bytes: a roofline with one sample at a time."""

from __future__ import annotations

from lvlm_compress.cost.assumptions import Assumptions, Device, Workload
from lvlm_compress.cost.geometry import Geometry
from lvlm_compress.cost.memory import BITS, kv_bytes, weight_bytes
from lvlm_compress.grid import Compression


def question_seconds(
    sizes: Geometry,
    compression: Compression,
    dtype: str,
    prompt: int,
    answer: int,
    device: Device,
    assumed: Assumptions,
) -> float:
    """One question: a prefill bound by compute, then a step a token bound by memory.

    prompt: tokens with the picture's; answer: tokens generated. Prefill: 2 FLOP a weight and token,
    and 4 n^2 h a layer for attention. A step reads every weight and the cache once.
    """
    flop = 2 * sizes.parameters * prompt + 4 * sizes.layers * prompt**2 * sizes.hidden
    bits = BITS[dtype]
    read = weight_bytes(sizes, compression, bits)
    read += kv_bytes(sizes, compression, bits, prompt + answer)
    prefill = flop / (device.tflops * 1e12 * assumed.compute)
    step = read / (device.gb_per_s * 1e9 * assumed.memory)
    slower = 1.0 if compression.kv_scheme.is_identity else assumed.quantized_kv
    return (prefill + answer * step) * slower + assumed.overhead_s


def cell_seconds(
    sizes: Geometry,
    compression: Compression,
    dtype: str,
    work: Workload,
    image_tokens: int,
    device: Device,
    assumed: Assumptions,
) -> float:
    """All questions of one benchmark and seed, each with its picture."""
    prompt = work.prompt + image_tokens
    one = question_seconds(sizes, compression, dtype, prompt, work.answer, device, assumed)
    return work.questions * one


def calibration_seconds(sizes: Geometry, device: Device, assumed: Assumptions) -> float:
    """One AWQ weight store."""
    flop = sizes.linears * assumed.calibration_flop
    return flop / (device.tflops * 1e12 * assumed.compute)
