"""What a cluster offers, as `default-resources` of `profiles/slurm/config.yaml` say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lvlm_compress.errors import UserError

# The smallest card that the paper's models are run on.
GPU_MEMORY_GB = 24


@dataclass(frozen=True)
class Site:
    """A cluster, as far as requests depend on it.

    Attributes:
        gpu_type: what Slurm calls the GPUs to use; None takes any.
        gpu_memory_gb: memory of one of them.
        longest_minutes: the partition's time limit; None for no limit.
    """

    gpu_type: str | None = None
    gpu_memory_gb: int = GPU_MEMORY_GB
    longest_minutes: int | None = None

    @classmethod
    def of(cls, resources: Mapping[str, Any] | None) -> Site:
        """The site that default resources describe; Snakemake wraps their values.

        Raises:
            UserError: a value of the wrong type.
        """
        found = {name: _value(resources, name) for name in ("gpu_type", *NUMBERS)}
        for name in NUMBERS:
            if found[name] is not None and not _positive(found[name]):
                raise UserError(
                    f"default-resources.{name} of the profile is {found[name]!r}; it must be a "
                    "whole number above 0."
                )
        kind = found["gpu_type"]
        return cls(
            None if kind in (None, "") else str(kind),
            found["gpu_memory_gb"] or GPU_MEMORY_GB,
            found["longest_minutes"],
        )


NUMBERS = ("gpu_memory_gb", "longest_minutes")


def _value(resources: Mapping[str, Any] | None, name: str) -> Any:
    if resources is None or name not in resources:
        return None
    # A word like `a100` might be an expression to Snakemake, which it evaluates in a rule only.
    return resources[name].raw


def _positive(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
