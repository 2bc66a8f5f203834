"""The warm worker: a cell stays a process, a job and a failure of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lvlm_compress.settings import ROOT
from lvlm_compress.warm import ADDRESS

MODULE = """
import os, sys, time
print("arguments", *sys.argv[1:], "in", os.getcwd(), os.environ["MARK"], flush=True)
print("torch is here:", "torch" in sys.modules, file=sys.stderr)
if "sleep" in sys.argv:
    time.sleep(60)
sys.exit({"three": 3, "sentence": "error: a sentence"}.get(sys.argv[1]))
"""
WARM = (sys.executable, "-m", "lvlm_compress.warm")


def environment(folder: Path, **more: str) -> dict[str, str]:
    paths = os.pathsep.join([str(ROOT / "workflow"), str(folder)])
    return os.environ | {"PYTHONPATH": paths, "MARK": "m", **more}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("warm")
    (made / "cell.py").write_text(MODULE)
    return made


@pytest.fixture(scope="module", params=["warm", "cold"])
def settings(request, folder):
    """With a server, and without one: the result is the same."""
    if request.param == "cold":
        yield environment(folder, **{ADDRESS: str(folder / "nobody")})
        return
    address = folder / "socket" / "warm"
    address.parent.mkdir()
    server = subprocess.Popen([*WARM, "--serve", str(address)], env=environment(folder))
    while not address.is_socket():
        time.sleep(0.05)
    yield environment(folder, **{ADDRESS: str(address)})
    server.kill()
    server.wait()


def call(settings: dict[str, str], folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*WARM, "cell", *words],
        cwd=folder,
        env=settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(("word", "code"), [("three", 3), ("none", 0), ("sentence", 1)])
def test_arguments_folder_environment_streams_and_exit_code(settings, folder, word, code):
    done = call(settings, folder, word, "b c")
    assert done.returncode == code
    assert done.stdout == f"arguments {word} b c in {folder} m\n"
    assert ("a sentence" in done.stderr) == (word == "sentence")


def test_a_child_of_the_server_has_torch_already(settings, folder):
    done = call(settings, folder, "none")
    assert f"torch is here: {'nobody' not in settings[ADDRESS]}" in done.stderr


def test_a_signal_reaches_the_cell(settings, folder):
    process = subprocess.Popen(
        [*WARM, "cell", "none", "sleep"], cwd=folder, env=settings, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"arguments")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) != 0
    process.stdout.close()


def test_the_server_ends_with_the_process_that_started_it(folder):
    address = folder / "other" / "warm"
    address.parent.mkdir()
    starter = (
        "import subprocess, sys, time, pathlib\n"
        f"subprocess.Popen([*{WARM!r}, '--serve', {str(address)!r}])\n"
        f"while not pathlib.Path({str(address)!r}).is_socket(): time.sleep(0.05)\n"
    )
    subprocess.run([sys.executable, "-c", starter], env=environment(folder), check=True)
    deadline = time.monotonic() + 40
    while address.parent.exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not address.parent.exists()
