"""Each distinct text is scored once over all cells, whatever is killed in between."""

from __future__ import annotations

from lvlm_compress.toxicity.store import Store


def test_round_trip_over_writers_and_checkpoints(tmp_path):
    store = Store.of(tmp_path, "a")
    store.add({"x": {"toxicity": 0.5}})
    store.add({"y\u2028\n": {"toxicity": 0.25}})
    assert store.find(["x", "y\u2028\n", "z"]) == {
        "x": {"toxicity": 0.5},
        "y\u2028\n": {"toxicity": 0.25},
    }
    assert Store.of(tmp_path, "b").find(["x"]) == {}
    assert len(list(tmp_path.glob("a/*.jsonl"))) == 2


def test_a_line_cut_short_is_passed_over(tmp_path):
    store = Store.of(tmp_path, "a")
    store.add({"x": {"toxicity": 0.5}, "y": {"toxicity": 0.1}})
    [shard] = tmp_path.glob("a/*.jsonl")
    shard.write_text(shard.read_text(encoding="utf-8")[:-9], encoding="utf-8")
    assert store.find(["x", "y"]) == {"x": {"toxicity": 0.5}}
    store.add({"y": {"toxicity": 0.2}})
    assert store.find(["x", "y"])["y"] == {"toxicity": 0.2}


def test_the_store_holds_no_text(tmp_path):
    store = Store.of(tmp_path, "a")
    store.add({"a rude word": {"toxicity": 0.5}})
    [shard] = tmp_path.glob("a/*.jsonl")
    assert "rude" not in shard.read_text(encoding="utf-8")


def test_nothing_to_add_writes_nothing(tmp_path):
    Store.of(tmp_path, "a").add({})
    assert not (tmp_path / "a").exists()
