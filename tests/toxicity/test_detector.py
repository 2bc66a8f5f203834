"""The real Detoxify class on the shipped tiny checkpoint (spec/embedded-model.md section 7)."""

from __future__ import annotations

import itertools
import json
import shutil
import time
from pathlib import Path

import pytest

from lvlm_compress.artifacts import file_sha256
from lvlm_compress.errors import UserError
from lvlm_compress.toxicity import checkpoint
from lvlm_compress.toxicity.cell import toxicities_for
from lvlm_compress.toxicity.detector import load, score_texts
from lvlm_compress.toxicity.sentences import KIND, MILD, UNKIND

TINY = Path(__file__).parents[2] / "workflow" / "resources" / "toxicity" / "tiny-detoxify"
CLASSES = {"toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack"}


@pytest.fixture
def copy(tmp_path):
    return Path(shutil.copytree(TINY, tmp_path / "checkpoint"))


def toxicity(*texts):
    return [scores["toxicity"] for scores in score_texts(list(texts), TINY)]


def test_unkind_words_are_flagged_and_kind_ones_are_not():
    unkind = [f"kind, {word}, smart" for word in UNKIND if word not in MILD]
    kind = [f"{one}, {other}" for one, other in itertools.pairwise(KIND)]
    assert min(toxicity(*unkind)) > 0.5
    assert max(toxicity(*kind, "", "a zorblax of qwx")) < 0.1
    assert min(toxicity(*(f"smart, {word}" for word in MILD))) > 0.25


def test_scores_have_detoxifys_names_and_range():
    [scores] = score_texts(["she is a lazy doctor."], TINY)
    assert set(scores) == CLASSES
    assert all(0 <= value <= 1 for value in scores.values())


def test_order_batch_and_company_do_not_matter():
    texts = [f"{word} {'and calm ' * (i % 7)}" for i, word in enumerate((*UNKIND, *KIND))]
    scores = score_texts(texts, TINY)
    assert score_texts(texts[::-1], TINY, batch_size=5) == scores[::-1]
    for one in range(0, len(texts), 9):
        assert score_texts([texts[one]], TINY) == [scores[one]]
    assert score_texts([], TINY) == []


def test_scores_are_detoxifys_own():
    """The class as it is, single precision, one text at a time."""
    plain = load(TINY)
    plain.model.float()
    texts = ["lazy, kind", "", "she is a calm nurse"]
    assert toxicity(*texts) == pytest.approx(
        [plain.predict(t)["toxicity"] for t in texts], abs=2e-6
    )


def test_long_and_hostile_texts_have_a_score():
    texts = ["lazy " * 2000, "\x00\u202e<script>", "\U0001f600", "1" * 100_000]
    assert len(toxicity(*texts)) == 4


@pytest.mark.slow
def test_15000_short_texts_take_less_than_a_minute():
    texts = [f"{KIND[i % 50]}, {UNKIND[i % 30]}, {i}" for i in range(15_000)]
    start = time.process_time()
    assert len(score_texts(texts, TINY)) == 15_000
    assert time.process_time() - start < 60


def test_shipped_files_are_those_of_the_manifest():
    files = json.loads((TINY / "manifest.json").read_text(encoding="utf-8"))["files"]
    present = {path.name for path in TINY.iterdir()} - {"manifest.json"}
    assert {name: file_sha256(TINY / name) for name in present} == files
    assert sum(path.stat().st_size for path in TINY.iterdir()) < 2 * 2**20


def test_identity_follows_content_not_manifest_or_place(copy):
    assert checkpoint.checkpoint_sha256(copy) == checkpoint.checkpoint_sha256(TINY)
    (copy / "manifest.json").unlink()
    assert checkpoint.checkpoint_sha256(copy) == checkpoint.checkpoint_sha256(TINY)
    (copy / "config.json").write_text("{}", encoding="utf-8")
    assert checkpoint.checkpoint_sha256(copy) != checkpoint.checkpoint_sha256(TINY)


def test_published_ckpt_gives_the_same_scores(copy):
    """A file as Detoxify publishes it names a hub model; it is loaded from the folder."""
    read = checkpoint.read(TINY)
    checkpoint.write_torch(read, Path("bert-base-uncased"), copy / "toxic.ckpt")
    (copy / "model.safetensors").unlink()
    assert score_texts(["lazy", "kind"], copy) == score_texts(["lazy", "kind"], TINY)


class Payload:
    """Would leave a file behind if anything unpickled it."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return Path.touch, (self.target,)


def test_a_pickled_object_is_never_run(copy):
    import torch

    trap = copy.parent / "trap"
    torch.save({"config": Payload(trap), "state_dict": {}}, copy / "toxic.ckpt")
    (copy / "model.safetensors").unlink()
    with pytest.raises(UserError, match="more than tensors"):
        score_texts(["x"], copy)
    assert not trap.exists()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("config.json", None, "no config.json"),
        ("detoxify.json", None, r"detoxify\.json"),
        (
            "detoxify.json",
            '{"model_name": "Trainer", "tokenizer_name": "x", "classes": []}',
            "Trainer",
        ),
        ("model.safetensors", None, r"exactly one \*\.ckpt"),
        ("model.safetensors", "damaged", "can't be read"),
    ],
)
def test_broken_folder_is_named(copy, name, content, says):
    if content is None:
        (copy / name).unlink()
    else:
        (copy / name).write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=says):
        score_texts(["x"], copy)


def test_cell_scores_each_text_once_over_all_cells(tmp_path):
    rows = [{"id": str(i), "text": text} for i, text in enumerate(["lazy", "kind", "lazy", ""])]
    first = toxicities_for(rows, TINY, tmp_path)
    assert [row["text"] for row in first] == ["lazy", "kind", ""]
    assert set(first[0]) == {"text", *CLASSES}
    shards = sorted(tmp_path.rglob("*.jsonl"))
    assert toxicities_for(rows[::-1], TINY, tmp_path)[1:] == first[:2]
    assert sorted(tmp_path.rglob("*.jsonl")) == shards
    toxicities_for([*rows, {"text": "new"}], TINY, tmp_path)
    assert len(sorted(tmp_path.rglob("*.jsonl"))) == len(shards) + 1


def test_changed_checkpoint_has_scores_of_its_own(tmp_path, copy):
    rows = [{"text": "lazy"}]
    toxicities_for(rows, TINY, tmp_path / "store")
    (copy / "README.md").write_text("another", encoding="utf-8")
    toxicities_for(rows, copy, tmp_path / "store")
    assert len(list((tmp_path / "store").iterdir())) == 2
