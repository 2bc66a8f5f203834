"""Kill and resume: finished answers stay, the rest is answered as if nothing had happened."""

from __future__ import annotations

import json
import os
import random
import signal
import time

import pytest

from lvlm_compress.benchmarks.types import Decoding
from lvlm_compress.generation.journal import Journal
from lvlm_compress.generation.run import answer
from lvlm_compress.generation.stop import StoppedError, on_sigterm
from lvlm_compress.kv.scheme import KVScheme

DIGEST = "0123456789abcdef"
CELLS = {"greedy": (Decoding(5), None), "sampled": (Decoding(5, 0.75), 2)}


def in_child(model, questions, cell, folder, pause):
    """Answer with a journal in a forked process, slowly; returns its pid."""
    pid = os.fork()
    if pid:
        return pid
    try:
        import torch

        torch.set_num_threads(1)
        with on_sigterm() as stop:
            answer(
                model,
                KVScheme.parse("kv2-kc128-vt128"),
                questions,
                *CELLS[cell],
                journal=Journal(folder, DIGEST),
                progress=lambda done, total: time.sleep(pause),
                stop=stop,
            )
        os._exit(0)
    except StoppedError:
        os._exit(75)
    finally:
        os._exit(1)


def finished(folder):
    """Complete journal lines, as bytes."""
    return {line for file in folder.glob("*.jsonl") for line in file.read_bytes().split(b"\n")[:-1]}


def wait_for(folder, count):
    until = time.monotonic() + 60
    while len(finished(folder)) < count:
        assert time.monotonic() < until, "the child wrote nothing"
        time.sleep(0.002)


def check_kill(model, questions, cell, folder, count):
    """Kill a run after so many answers, resume it, compare with a run never interrupted."""
    whole = answer(model, KVScheme.parse("kv2-kc128-vt128"), questions, *CELLS[cell])
    pid = in_child(model, questions, cell, folder, pause=0.02)
    wait_for(folder, count)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    kept = finished(folder)
    journal = Journal(folder, DIGEST)
    assert len(journal.finished) >= count
    resumed = answer(
        model, KVScheme.parse("kv2-kc128-vt128"), questions, *CELLS[cell], journal=journal
    )
    assert resumed.rows == whole.rows
    assert resumed.facts["answered"] == len(questions) - len(kept)
    assert kept <= finished(folder)
    assert sorted(json.loads(line)["id"] for line in finished(folder)) == sorted(
        example.id for example in questions
    )


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("count", [1, 4, 8])
def test_killed_at_some_point(exact, questions, cell, count, tmp_path):
    check_kill(exact, questions, cell, tmp_path, count)


@pytest.mark.soak
@pytest.mark.parametrize("cell", CELLS)
def test_killed_at_twenty_random_points(exact, questions, cell, tmp_path):
    draw = random.Random(cell)
    for attempt in range(20):
        count = draw.randint(1, len(questions) - 1)
        check_kill(exact, questions, cell, tmp_path / str(attempt), count)


def test_sigterm_stops_within_seconds(exact, questions, tmp_path):
    pid = in_child(exact, questions, "greedy", tmp_path, pause=0.05)
    wait_for(tmp_path, 2)
    os.kill(pid, signal.SIGTERM)
    started = time.monotonic()
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 75
    assert time.monotonic() - started < 10
    assert 2 <= len(finished(tmp_path)) < len(questions)
