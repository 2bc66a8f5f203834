"""Logits in fp32, with or without rounded weights, one block's copy of the weights at a time.

The checks compare weights, so they must not see the noise of 16-bit activations: that noise
alone (1e-3 of the logits and more) is as large as what they look for. Each block is run with
fp32 copies of its own weights, which are gone again after its forward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import Tensor, nn

from lvlm_compress.weights.linears import quantized_linears
from lvlm_compress.weights.quantizer import fake_quantize
from lvlm_compress.weights.shell import CausalShell

Change = Callable[[nn.Parameter], Tensor]


def float_logits(shell: CausalShell, probe: Tensor) -> Tensor:
    """fp32 logits [batch, tokens, vocabulary] on the CPU, of the weights as they are."""
    return _logits(shell, probe, lambda parameter: parameter.data.float())


def rounded_logits(shell: CausalShell, probe: Tensor, bits: int, group: int) -> Tensor:
    """`float_logits` of the model whose target linears are rounded to `bits`; it stays as it is."""
    targets = {id(linear.weight) for linear in quantized_linears(shell.model).values()}

    def change(parameter: nn.Parameter) -> Tensor:
        data = parameter.data
        kept = fake_quantize(data, bits, group) if id(parameter) in targets else data
        return kept.float()

    return _logits(shell, probe, change)


def _logits(shell: CausalShell, probe: Tensor, change: Change) -> Tensor:
    parts = [*shell.model.get_submodule("layers").children()]
    parts += [shell.model.get_submodule("norm"), shell.lm_head]
    with ExitStack() as stack:
        for part in parts:
            stack.enter_context(_changed_while_running(part, change))
        logits: Tensor = shell(probe)
    return logits.cpu()


@contextmanager
def _changed_while_running(part: nn.Module, change: Change) -> Iterator[None]:
    """The part sees `change` of its parameters, and fp32 inputs, in its own forward pass only."""
    backups: dict[nn.Parameter, Tensor] = {}

    def before(module: nn.Module, args: Any, kwargs: Any) -> Any:
        for parameter in module.parameters():
            backups[parameter] = parameter.data
            parameter.data = change(parameter)
        return _as_float(args), _as_float(kwargs)

    def after(module: nn.Module, args: Any, output: Any) -> None:
        del module, args, output
        while backups:
            parameter, data = backups.popitem()
            parameter.data = data

    handles = [
        part.register_forward_pre_hook(before, with_kwargs=True),
        part.register_forward_hook(after, always_call=True),
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _as_float(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.float() if value.is_floating_point() else value
    if isinstance(value, tuple):
        return tuple(map(_as_float, value))
    if isinstance(value, dict):
        return {key: _as_float(item) for key, item in value.items()}
    return value
