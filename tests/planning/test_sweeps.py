"""Which cells one job answers."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lvlm_compress.address import Part
from lvlm_compress.cells import Cell
from lvlm_compress.planning.sweeps import by_cell, sweeps

drawn = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(["", "w4"]), st.sampled_from("pq")),
    max_size=30,
)


def cell(number: int, model: str, weights: str, benchmark: str) -> Cell:
    store = Cell("weights", {"model": model}, {"w": Part.of(weights)})
    scheme = {"id": "kv2-t128", "order": ("before", "after")[number % 2]}
    parts = {"number": Part.of(number), "kv": Part.of({"scheme": scheme})}
    labels = {"model": model, "compression": str(number), "benchmark": benchmark}
    inputs = {"weights": store} if weights else {}
    return Cell("generation", labels, parts, {"weight_storage": "dense"}, inputs)


@given(drawn, st.integers(1, 7))
def test_every_cell_in_one_sweep_of_its_model_and_weights(spec, size):
    cells = [cell(number, *names) for number, names in enumerate(spec)]
    found = sweeps(cells, size, "run")
    assert sorted(c.digest for sweep in found for c in sweep.cells) == sorted(
        c.digest for c in cells
    )
    for sweep in found:
        assert len(sweep.cells) <= size
        assert {c.labels["model"] for c in sweep.cells} == {sweep.model}
        assert len({i.digest for c in sweep.cells for i in c.inputs.values()}) <= 1
    assert set(by_cell(found)) == {c.digest for c in cells}


def test_cells_that_can_share_their_prompts_stand_side_by_side():
    cells = [cell(number, "a", "", "pq"[number % 3 == 0]) for number in range(12)]
    (sweep,) = sweeps(cells, 20, "run")
    seen = [(c.labels["benchmark"], c.parts["kv"].value["scheme"]["order"]) for c in sweep.cells]
    assert len(set(seen)) == 1 + sum(a != b for a, b in pairwise(seen))


def test_another_run_has_other_sweeps():
    cells = [cell(0, "a", "", "p")]
    first, second = sweeps(cells, 2, "one")[0], sweeps(cells, 2, "two")[0]
    assert first.marker != second.marker
    assert first.marker == sweeps(cells, 2, "one")[0].marker
