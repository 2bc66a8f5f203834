"""Asking the judge: from the store if it has answered before, else over the wire."""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import openai
from openai.types.chat import ChatCompletion

from lvlm_compress.errors import UserError
from lvlm_compress.judging.spec import JudgeError, JudgeSpec, Request
from lvlm_compress.judging.store import Store, Verdict

Item = TypeVar("Item")
Result = TypeVar("Result")


class Judge:
    """One judge over a store; safe to use from several threads."""

    def __init__(self, spec: JudgeSpec, store: Store) -> None:
        self.spec = spec
        self.requests = 0
        self._store = store
        self._lock = threading.Lock()
        self._locks: defaultdict[Request, threading.Lock] = defaultdict(threading.Lock)
        self._client: openai.OpenAI | None = None

    def ask(self, request: Request) -> Verdict:
        """The verdict on a request, kept before it is returned.

        Raises:
            JudgeError: the budget is spent, or the endpoint gives no verdict.
            UserError: there is no key, or the endpoint refuses the request.
        """
        with self._lock:
            own = self._locks[request]
        with own:
            found = self._store.find(self.spec.model, request)
            if found is None:
                found = self._ask_until_readable(request)
                with self._lock:
                    self._store.keep(self.spec.model, request, found)
            return found

    def each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """`function` of every item, several at a time; the first failure ends it."""
        with ThreadPoolExecutor(self.spec.workers) as pool:
            futures = [pool.submit(function, item) for item in items]
            try:
                return [future.result() for future in futures]
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _ask_until_readable(self, request: Request) -> Verdict:
        for attempt in range(self.spec.retries + 1):
            if attempt:
                time.sleep(self.spec.backoff * 2 ** (attempt - 1))
            verdict = self._ask_once(request)
            if verdict is not None:
                return verdict
        raise JudgeError(
            f"The judge '{self.spec.model}' sent {self.spec.retries + 1} replies that are no chat"
            f" completions. {_RESUME}"
        )

    def _ask_once(self, request: Request) -> Verdict | None:
        """One paid request (the client repeats what failed on the way); None if malformed."""
        client = self._spend()
        limit = openai.omit if request.max_tokens is None else request.max_tokens
        try:
            answer: object = client.chat.completions.create(
                model=self.spec.model,
                messages=[{"role": "user", "content": request.prompt}],
                temperature=request.temperature,
                max_tokens=limit,
            )
        except (openai.APIStatusError, openai.APIConnectionError) as error:
            raise _explain(error, self.spec) from None
        except (openai.APIResponseValidationError, ValueError):
            return None
        return _verdict(answer, self.spec.model)

    def _spend(self) -> openai.OpenAI:
        with self._lock:
            limit = self.spec.max_requests
            if limit is not None and self.requests >= limit:
                raise JudgeError(f"The judge's budget of {limit} requests is spent. {_RESUME}")
            if self._client is None:
                self._client = _connect(self.spec)
            self.requests += 1
            return self._client


_RESUME = "Verdicts so far are kept: run again to go on."


def _connect(spec: JudgeSpec) -> openai.OpenAI:
    key = os.environ.get(spec.key_variable)
    if not key:
        raise UserError(
            f"The environment variable {spec.key_variable} holds no key for the judge;"
            " set it (any text for an endpoint that wants none)."
        )
    return openai.OpenAI(
        api_key=key, base_url=spec.base_url, timeout=spec.timeout, max_retries=spec.retries
    )


def _explain(error: openai.APIError, spec: JudgeSpec) -> UserError:
    """What happened, without the endpoint's own words, which may repeat the key."""
    if isinstance(error, openai.APITimeoutError):
        return JudgeError(f"The judge '{spec.model}' did not answer in time. {_RESUME}")
    if not isinstance(error, openai.APIStatusError):
        return JudgeError(f"The judge's endpoint can't be reached. {_RESUME}")
    status = error.status_code
    if status == 429 or status >= 500:
        return JudgeError(f"The judge '{spec.model}' kept answering {status}. {_RESUME}")
    return UserError(
        f"The judge's endpoint refused a request to '{spec.model}' with status {status}; check the"
        f" model, the base URL and the key in {spec.key_variable}."
    )


def _verdict(answer: object, model: str) -> Verdict | None:
    """The reply's text (empty where it has none); None if it is no chat completion."""
    if not isinstance(answer, ChatCompletion) or not answer.choices:
        return None
    message = answer.choices[0].message
    if message is None or not isinstance(message.content, str | None):
        return None
    tokens = answer.usage.total_tokens if answer.usage else 0
    return Verdict(message.content or "", answer.model or model, tokens)
