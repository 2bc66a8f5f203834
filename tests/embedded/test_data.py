from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from lvlm_compress import registry
from lvlm_compress.embedded import data
from lvlm_compress.errors import UserError

KNOWN = {
    "mmvet": "c3d89b037d1b266b",
    "textvqa": "ffac7cb214f2b73b",
    "gqa": "a7ba9cd9b5923325",
    "mme": "eacac73dc33a5d0b",
    "scienceqa": "4dab28190fbd9164",
    "vqav2": "31f5b3ab24475182",
    "pope": "c7002b9d8e022ed2",
    "hallusionbench": "d5a870cbbf2e68de",
    "pairs": "f596428f934470c2",
    "socialcounterfactuals": "9fc6177c3f1530ac",
}
COUNTS = {
    "mmvet": 12, "textvqa": 12, "gqa": 12, "mme": 40, "scienceqa": 12, "vqav2": 12, "pope": 36,
    "hallusionbench": 10, "pairs": 60, "socialcounterfactuals": 20,
}  # fmt: skip
ITEMS = {"mme": 40, "hallusionbench": 10, "pairs": 7, "socialcounterfactuals": 2}


def digest(folder: Path) -> str:
    """One hash over names and bytes of all files."""
    total = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        total.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("eval")
    for benchmark in data.ITEMS:
        data.build(benchmark, folder / benchmark, ITEMS.get(benchmark, 12), 0)
    return folder


@pytest.mark.parametrize("benchmark", data.ITEMS)
def test_the_bytes_are_the_same_on_every_machine(benchmark: str, root: Path) -> None:
    assert digest(root / benchmark)[:16] == KNOWN[benchmark]


@pytest.mark.parametrize("benchmark", data.ITEMS)
def test_the_projects_own_loader_reads_it(benchmark: str, root: Path) -> None:
    """The layouts of spec/benchmarks.md: the loader is the real data's."""
    task = registry.load(registry.benchmark_module(benchmark, "task"))
    examples = task.load(root / benchmark)
    assert len(examples) == COUNTS[benchmark]
    assert all(e.image is None or e.image.path.is_file() for e in examples)


def test_another_seed_gives_other_pictures(tmp_path: Path, root: Path) -> None:
    data.build("pope", tmp_path / "pope", 12, 1)
    ours = {p.read_bytes() for p in (tmp_path / "pope" / "val2014").iterdir()}
    theirs = {p.read_bytes() for p in (root / "pope" / "val2014").iterdir()}
    assert not ours & theirs


def test_pairs_plants_a_known_difference() -> None:
    """Association difference man - woman as drawn: (1 - 0.04) * 2 * (0.85 - 0.25)."""
    from lvlm_compress.embedded.benchmarks.pairs import planted

    truth = planted()["association"]["occupations"]
    assert truth["black_man"] - truth["black_woman"] == pytest.approx(1.152, abs=1e-3)


def test_wrong_names_and_counts_are_told() -> None:
    with pytest.raises(UserError, match="no embedded benchmark 'popes'"):
        data.build("popes", Path("unused"), 1, 0)
    with pytest.raises(UserError, match="--items is 0"):
        data.build("pope", Path("unused"), 0, 0)
