"""benchmarks/generation.py on a shrunk model: the table's columns, and what stops it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
GEOMETRY = {
    "family": "llava",
    "vision": {"layers": 2, "hidden": 16, "heads": 2, "mlp": 32, "image": 28, "patch": 14},
    "decoder": {"layers": 2, "hidden": 32, "heads": 2, "kv_heads": 2, "mlp": 64},
    "vocabulary": 128,
    "seed": 0,
    "system_tokens": 5,
    "question_tokens": [3, 6],
    "picture": {"width": 28, "height": 28, "tiles": 1, "tokens": 4},
    "images": 2,
}
BASELINE = "transformers batch 1"


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import generation_rounds

    return generation_rounds


class Fake:
    """Answers every question with the same words."""

    def __init__(self, word: str, fails: bool = False) -> None:
        self.word, self.fails, self.order = word, fails, []

    def ask(self, job: dict[str, Any]) -> dict[str, Any]:
        from peers.environments import PeerError

        if self.fails:
            raise PeerError("no such package")
        self.order.append(job["variant"])
        text = " ".join([self.word] * job["new"])
        texts = [text] * len(job["questions"])
        return {"texts": texts, "seconds": 2.0, "cpu": 1.0, "gemm": 1e9}


def measured(rounds: ModuleType, workers: dict[str, Any], turns: int = 2) -> Any:
    from lvlm_compress.benchmarks.types import Example, ImageSource

    image = ImageSource(Path("0.png"), "0.png")
    examples = [Example(str(i), "w1 w2 w3", image, "0") for i in range(2)]
    return rounds.measure(workers, GEOMETRY, examples, 2, 3, turns)


@pytest.mark.slow
def test_a_run_prints_the_table_and_writes_every_round(tmp_path: Path) -> None:
    geometry, out = tmp_path / "geometry.yaml", tmp_path / "runs.json"
    geometry.write_text(yaml.safe_dump(GEOMETRY))
    command = [sys.executable, str(ROOT / "benchmarks" / "generation.py"), "--rounds", "2"]
    options = ["--geometry", str(geometry), "--questions", "2", "--new", "3", "--out", str(out)]
    done = subprocess.run(
        [*command, *options, "--only", "ours fp16", BASELINE],
        env={**os.environ, "PYTHONPATH": str(ROOT / "workflow"), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Left out by --only: ours kv2-t128, " in done.stdout
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines()]
    table = [cells for cells in lines if len(cells) == 8]
    assert table[0][3:] == ["variant", "s", "CPU s", "x batch 1", "share of floor"]
    assert [cells[3] for cells in table[2:]] == ["ours fp16", BASELINE, "VLMEvalKit"]
    assert table[3][6] == "1.00"
    assert table[4][4].startswith("not measured: ")
    (case,) = json.loads(out.read_text())["cases"]
    assert [run["round"] for run in case["runs"]["ours fp16"]] == [0, 1]


def test_the_order_rotates(rounds: ModuleType) -> None:
    worker = Fake("w1")
    names = [BASELINE, "ours fp16", "transformers batch 8"]
    measured(rounds, dict.fromkeys(names, worker), turns=3)
    timed = worker.order[len(names) :]
    assert [timed[i : i + 3] for i in (0, 3, 6)] == [
        names,
        [*names[1:], names[0]],
        [names[2], *names[:2]],
    ]


def test_a_differing_answer_of_a_lossless_variant_stops_it(rounds: ModuleType) -> None:
    workers = {BASELINE: Fake("w1"), "ours fp16": Fake("w2")}
    with pytest.raises(SystemExit, match=r"'ours fp16' answers questions \[0, 1\] differently"):
        measured(rounds, workers)


def test_a_lossy_variant_may_answer_differently(rounds: ModuleType) -> None:
    case = measured(rounds, {BASELINE: Fake("w1"), "ours kv2-t128": Fake("w2")})
    assert len(case.runs["ours kv2-t128"]) == 2


def test_a_short_answer_stops_it(rounds: ModuleType) -> None:
    with pytest.raises(SystemExit, match="in 3 words"):
        measured(rounds, {BASELINE: Fake("w1"), "ours kv2-t128": Fake("")})


def test_a_peer_that_fails_is_named(rounds: ModuleType) -> None:
    workers = {BASELINE: Fake("w1"), "lmms-eval llava_hf": Fake("w1", fails=True)}
    assert measured(rounds, workers).lost == {"lmms-eval llava_hf": "no such package"}


ANYRES = {
    "family": "llava_next",
    "picture": {"width": 56, "height": 28, "tiles": 3, "tokens": 14},  # 4 + 2 x (4 + newline)
}


@pytest.mark.parametrize("change", [{}, ANYRES], ids=["llava", "llava_next"])
def test_the_floor_counts_the_tokens_of_the_prompt(
    rounds: ModuleType, tmp_path: Path, change: dict[str, Any]
) -> None:
    from generation_floor import prefix_tokens, prompt_tokens
    from generation_model import questions, save
    from PIL import Image

    from lvlm_compress.models.families import load
    from lvlm_compress.models.spec import ModelSpec

    geometry = {**GEOMETRY, **change}
    checkpoint = save(geometry, tmp_path)
    model: Any = load(
        ModelSpec(geometry["family"], checkpoint, dtype="float32", prompt="hub_template")
    )
    example = questions(geometry, tmp_path, 1)[0]
    (features,) = model.features([Image.open(example.image.path)])
    encoded = model.encode(example.prompt, features)
    assert len(encoded.ids) == prompt_tokens(geometry, example.prompt)
    assert encoded.prefix == prefix_tokens(geometry)
