"""A warm worker: pays for importing torch and transformers once a run instead of once a cell.

    python -m lvlm_compress.warm MODULE ARGS...      what a rule calls
    python -m lvlm_compress.warm --serve SOCKET      what the Snakefile starts beside itself

The server imports what stages need and then only forks: each request becomes a child process that
has the caller's arguments, folder, environment, standard streams and exit code, so that a cell is
still a process, a job and a failure of its own. Without a server (a cluster node, another host,
`runtime.warm: false`) the module runs in the calling process; the result is the same. The server
ends with the process that started it; children at work finish, as ordinary jobs would.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import shutil
import signal
import socket
import sys
from pathlib import Path
from types import FrameType
from typing import Any

ADDRESS = "LVLM_COMPRESS_WARM"
PRELOADED = (
    "torch",
    "safetensors.torch",
    "transformers.models.llava.modeling_llava",
    "transformers.models.llava.processing_llava",
    "transformers.models.clip.image_processing_pil_clip",
    "transformers.models.llama.tokenization_llama",
)
MESSAGE = 1 << 20


def run(arguments: list[str]) -> int:
    """Run `MODULE ARGS...` in a child of the warm worker, or here when there is none."""
    address = os.environ.get(ADDRESS)
    if address and Path(address).is_socket():
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            try:
                connection.connect(address)
            except ConnectionRefusedError:
                return run_here(arguments)
            return _delegate(connection, arguments)
    return run_here(arguments)


def run_here(arguments: list[str]) -> int:
    """Run the module in this process and return its exit code."""
    sys.argv = arguments
    try:
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        sys.stderr.write(f"{end.code}\n")
        return 1
    return 0


def serve(address: str) -> None:
    """Fork a child for every request until the parent process is gone; its folder goes too."""
    parent = os.getppid()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(address)
        listener.listen(64)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        listener.settimeout(1.0)
        while os.getppid() == parent:
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            # Not before the first request: a run that only scores or draws needs no torch.
            for name in PRELOADED:
                importlib.import_module(name)
            _fork(connection, listener)
    shutil.rmtree(Path(address).parent, ignore_errors=True)


def _delegate(connection: socket.socket, arguments: list[str]) -> int:
    request = {"arguments": arguments, "folder": str(Path.cwd()), "environment": dict(os.environ)}
    socket.send_fds(connection, [json.dumps(request).encode() + b"\n"], [0, 1, 2])
    reply = connection.makefile("r")
    child = int(reply.readline() or 0)

    def forward(number: int, _: FrameType | None) -> None:
        os.kill(child, number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, forward)
    code = reply.readline()
    # A child that is killed sends no code.
    return int(code) if code else 128 + signal.SIGKILL


def _fork(connection: socket.socket, listener: socket.socket) -> None:
    connection.settimeout(10.0)
    text, streams, _, _ = socket.recv_fds(connection, MESSAGE, 3)
    while text and not text.endswith(b"\n"):
        text += connection.recv(MESSAGE)
    connection.settimeout(None)
    if text and os.fork() == 0:
        listener.close()
        _child(connection, json.loads(text), streams)
    for stream in streams:
        os.close(stream)
    connection.close()


def _child(connection: socket.socket, request: dict[str, Any], streams: list[int]) -> None:
    """Become the process that was asked for; never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    connection.sendall(f"{os.getpid()}\n".encode())
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(str(request["folder"]))
    os.environ.clear()
    os.environ.update(request["environment"])
    code = 1
    try:
        code = run_here(request["arguments"])
    finally:
        if sys.exc_info()[0] is not None:
            sys.excepthook(*sys.exc_info())
        sys.stdout.flush()
        sys.stderr.flush()
        connection.sendall(f"{code}\n".encode())
        os._exit(code)


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve(sys.argv[2])
    else:
        raise SystemExit(run(sys.argv[1:]))
