"""Code fingerprints: DESIGN.md section 3, spec/workflow.md section 2."""

from __future__ import annotations

from pathlib import Path

import pytest

from lvlm_compress.fingerprint import Sources
from lvlm_compress.settings import ROOT

FILES = {
    "__init__.py": '"""Package."""\n',
    "a.py": "from lvlm_compress import b\n\ndef f(x):\n    return b.g(x)\n",
    "b.py": "from .sub.c import h\n\ndef g(x):\n    return h(x) + 1\n",
    "sub/__init__.py": "",
    "sub/c.py": "import math\n\ndef h(x):\n    return math.sqrt(x)\n",
    "lonely.py": "VALUE = 1\n",
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / "lvlm_compress" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def fingerprint(root: Path) -> str:
    return Sources(root).fingerprint(["lvlm_compress.a"])


def edit(root: Path, name: str, old: str, new: str) -> None:
    file = root / "lvlm_compress" / name
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_closure_follows_imports_inside_the_package_and_its_init_files(package):
    closure = Sources(package).closure("lvlm_compress.a")
    names = ("", ".a", ".b", ".sub", ".sub.c")
    assert closure == {f"lvlm_compress{name}" for name in names}


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("sub/c.py", "import math", "# why\nimport math"),
        ("sub/c.py", "def h(x):\n", 'def h(x):\n    """Root."""\n'),
        ("b.py", "h(x) + 1", "h(x)  +  1"),
        ("lonely.py", "VALUE = 1", "VALUE = 2"),
    ],
)
def test_comments_docstrings_layout_and_strangers_change_nothing(package, name, old, new):
    before = fingerprint(package)
    edit(package, name, old, new)
    assert fingerprint(package) == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("a.py", "b.g(x)", "b.g(x) * 1"),
        ("sub/c.py", "sqrt", "cbrt"),
        ("sub/__init__.py", "", "X = 1\n"),
        ("b.py", "+ 1", "+ 1.0"),
    ],
)
def test_any_other_edit_in_the_closure_changes_it(package, name, old, new):
    before = fingerprint(package)
    edit(package, name, old, new)
    assert fingerprint(package) != before


def test_an_adopted_fingerprint_stands_for_the_old_one(package):
    before = fingerprint(package)
    edit(package, "b.py", "+ 1", "+ 2")
    after = fingerprint(package)
    adopting = Sources(package, adopted={after: before})
    assert adopting.fingerprint(["lvlm_compress.a"]) == before


def test_a_module_that_does_not_exist_is_an_error(package):
    with pytest.raises(LookupError, match="nowhere"):
        Sources(package).fingerprint(["lvlm_compress.nowhere"])


def test_one_scheme_is_not_in_the_closure_of_another():
    sources = Sources(ROOT / "workflow")
    closure = sources.closure("lvlm_compress.kv.schemes.per_token")
    assert "lvlm_compress.kv.schemes.uniform" not in closure


def test_task_and_score_of_a_benchmark_do_not_import_each_other():
    sources = Sources(ROOT / "workflow")
    for task in (ROOT / "workflow" / "lvlm_compress" / "benchmarks").glob("*/task.py"):
        base = f"lvlm_compress.benchmarks.{task.parent.name}"
        assert f"{base}.score" not in sources.closure(f"{base}.task")
        assert f"{base}.task" not in sources.closure(f"{base}.score")
