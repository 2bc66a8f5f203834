"""Methods that Snakemake asks for every job.

Snakemake reads the signature of a rule's function several times a job. A bound method's takes ten
times as long to read as one that was made before, seven seconds over 32,000 jobs.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any


def asked(method: Callable[..., Any]) -> cached_property[Callable[..., Any]]:
    """A method whose signature is made once an object."""
    _, *parameters = inspect.signature(method).parameters.values()
    signature = inspect.Signature(parameters)

    def bound(self: object) -> Callable[..., Any]:
        function = partial(method, self)
        function.__signature__ = signature  # type: ignore[attr-defined]
        return function

    return cached_property(bound)
