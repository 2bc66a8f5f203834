"""Which judge is asked, and how much may be spent on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lvlm_compress.errors import UserError


@dataclass(frozen=True)
class JudgeSpec:
    """A judge; what determines a verdict is `model`, `runs` and the prompts.

    Attributes:
        model: the endpoint's name of it; MM-Vet's authors used gpt-4-0613.
        base_url: None for OpenAI's own endpoint.
        key_variable: environment variable that holds the key; the key is never written anywhere.
        prompts: folder with templates that replace the shipped ones of the same name.
        runs: how often every answer is graded (MM-Vet; its authors used 5).
        timeout: seconds until a request is given up and tried again.
        retries: how often a request is tried again after 408, 409, 429, 5xx, a lost connection, a
            timeout, or a reply that is no chat completion.
        backoff: seconds before the second try after a malformed reply, doubled each time.
        max_requests: budget of paid requests of one call; None for no limit.
        workers: requests under way at a time.
    """

    model: str = "gpt-4-0613"
    base_url: str | None = None
    key_variable: str = "OPENAI_API_KEY"
    prompts: Path | None = None
    runs: int = 1
    timeout: float = 120.0
    retries: int = 6
    backoff: float = 1.0
    max_requests: int | None = None
    workers: int = 8

    def __post_init__(self) -> None:
        """Refuse counts that make no sense."""
        for name in ("runs", "workers"):
            if getattr(self, name) < 1:
                raise UserError(f"A judge's '{name}' must be at least 1.")


@dataclass(frozen=True)
class Request:
    """One question to the judge; equal requests have one verdict."""

    prompt: str
    temperature: float
    max_tokens: int | None
    run: int = 0


class JudgeError(UserError):
    """The judge gave no verdict; what it gave before is kept, and a rerun goes on from there."""
