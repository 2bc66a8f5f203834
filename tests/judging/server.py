"""A chat endpoint on loopback that misbehaves as told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-very-secret-0123456789"


@dataclass
class Endpoint:
    """What the server answers: `troubles` first, one a request, then `reply(prompt)`."""

    reply: Callable[[str], str]
    troubles: list[str] = field(default_factory=list)
    seen: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""
    keys: set[str] = field(default_factory=set)


def completion(text: str | None, **more: Any) -> dict[str, Any]:
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 0,
        "model": "judge-0613",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": text},
            }
        ],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
    } | more


BODIES: dict[str, str] = {
    "not json": "<html>bad gateway</html>",
    "cut": '{"choices": [',
    "no choices": json.dumps({"ok": True}),
    "empty choices": json.dumps(completion("1", choices=[])),
    "null choice": json.dumps(completion("1", choices=[{"index": 0, "message": None}])),
    "list": "[1, 2]",
    "null": "null",
    "number content": json.dumps(completion(5)),  # type: ignore[arg-type]
}


def handler(endpoint: Endpoint) -> type[BaseHTTPRequestHandler]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            request = json.loads(self.rfile.read(length))
            with lock:
                endpoint.seen.append(request)
                endpoint.keys.add(self.headers["Authorization"])
                trouble = endpoint.troubles.pop(0) if endpoint.troubles else ""
            self._answer(trouble, request["messages"][0]["content"])

        def _answer(self, trouble: str, prompt: str) -> None:
            if trouble == "drop":
                self.close_connection = True
                self.connection.close()
            elif trouble == "slow":
                time.sleep(1.0)
                self.close_connection = True
            elif trouble.isdigit():
                error = {"error": {"message": f"key {KEY} is wrong", "code": trouble}}
                self._send(int(trouble), json.dumps(error))
            elif trouble:
                self._send(200, BODIES[trouble])
            else:
                self._send(200, json.dumps(completion(endpoint.reply(prompt))))

        def _send(self, status: int, body: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body.encode())))
            self.send_header("retry-after-ms", "1")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            """Stay silent."""

    return Handler


@contextmanager
def serving(reply: Callable[[str], str], troubles: list[str] | None = None) -> Iterator[Endpoint]:
    """An endpoint at `url` while the block runs."""
    endpoint = Endpoint(reply, list(troubles or []))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(endpoint))
    endpoint.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
