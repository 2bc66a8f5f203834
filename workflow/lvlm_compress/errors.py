"""The one exception that a user is meant to read."""

from __future__ import annotations

from typing import NoReturn


class UserError(Exception):
    """Something the user can mend: says what, where (file, line, key) and what to do."""


def exit_with(error: UserError) -> NoReturn:
    """End the process with the sentence on standard error and a non-zero exit code."""
    raise SystemExit(f"error: {error}")
