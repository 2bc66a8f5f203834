"""Code fingerprints: a hash of what a module's code means, over its imports inside the package.

A comment, a docstring or a blank line changes nothing; any other edit in the closure does. The walk
over the tree is our own because `ast.dump` prints differently from one Python version to the next.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PACKAGE_NAME = "lvlm_compress"
BLOCKS = ("body", "orelse", "handlers", "finalbody", "cases")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass
class Sources:
    """The package's source files; one object reads and hashes each file once.

    Attributes:
        root: the folder that holds the package folder.
        adopted: fingerprints declared neutral, old -> the one that stands for it.
    """

    root: Path
    adopted: dict[str, str] = field(default_factory=dict)
    _modules: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    _closures: dict[str, frozenset[str]] = field(default_factory=dict)
    _digests: dict[tuple[str, ...], str] = field(default_factory=dict)

    def fingerprint(self, roots: Iterable[str]) -> str:
        """16 hex digits for the import closure of some modules (dotted names)."""
        key = tuple(sorted(set(roots)))
        if key not in self._digests:
            modules = sorted(frozenset().union(*(self.closure(root) for root in key)))
            text = "\n".join(f"{name} {self._module(name)[0]}" for name in modules)
            plain = hashlib.sha256(text.encode()).hexdigest()[:16]
            self._digests[key] = self.adopted.get(plain, plain)
        return self._digests[key]

    def closure(self, module: str) -> frozenset[str]:
        """A module and all modules of the package that it imports, directly or not."""
        if module not in self._closures:
            found: set[str] = set()
            queue = [module]
            while queue:
                name = queue.pop()
                if name not in found:
                    found.add(name)
                    queue.extend(self._module(name)[1])
            self._closures[module] = frozenset(found)
        return self._closures[module]

    def _module(self, name: str) -> tuple[str, frozenset[str]]:
        if name not in self._modules:
            file = self._file(name)
            if file is None:
                raise LookupError(f"No source file for module {name} below {self.root}.")
            tree = ast.parse(file.read_bytes(), filename=str(file))
            imports = {found for ref in _references(tree, name, file) for found in self._known(ref)}
            self._modules[name] = (tree_hash(tree), frozenset(imports - {name}))
        return self._modules[name]

    def _file(self, name: str) -> Path | None:
        base = self.root.joinpath(*name.split("."))
        for file in (base / "__init__.py", base.with_suffix(".py")):
            if file.is_file():
                return file
        return None

    def _known(self, reference: str) -> Iterator[str]:
        """The modules that importing `a.b.c` runs: a, a.b and, if it is a module, a.b.c."""
        parts = reference.split(".")
        for end in range(1, len(parts) + 1):
            name = ".".join(parts[:end])
            if self._file(name) is not None:
                yield name


def tree_hash(tree: ast.AST) -> str:
    """Hash of a syntax tree without positions and docstrings."""
    tokens: list[str] = []
    _walk(tree, tokens)
    return hashlib.sha256("\0".join([*tokens, ""]).encode()).hexdigest()


def _walk(node: ast.AST, tokens: list[str]) -> None:
    """Append a node's tokens; a list filled in place, as every plan walks the whole package."""
    tokens.append(f"({type(node).__name__}")
    for name in node._fields:
        value: Any = getattr(node, name, None)
        if name == "body" and isinstance(node, DOCUMENTED):
            value = _without_docstring(value)
        # Fields that are empty are left out: newer Pythons add such fields.
        if value is None or value == [] or name in ("type_comment", "kind"):
            continue
        tokens.append(name)
        for item in value if isinstance(value, list) else (value,):
            if isinstance(item, ast.AST):
                _walk(item, tokens)
            else:
                tokens.append(f"{type(item).__name__}:{item!r}")
    tokens.append(")")


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        return body[1:] if isinstance(body[0].value.value, str) else body
    return body


def _references(tree: ast.AST, module: str, file: Path) -> Iterator[str]:
    """Dotted names inside the package that a module imports, at its top or inside functions."""
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    yield module
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] == PACKAGE_NAME)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parents, base] if base else parents)
            if base.split(".")[0] == PACKAGE_NAME:
                yield from (f"{base}.{alias.name}" for alias in node.names)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """The statements below a node, at any depth; expressions hold no imports and are left out."""
    for name in BLOCKS:
        block = getattr(node, name, None)
        for item in block if isinstance(block, list) else ():
            yield item
            yield from _statements(item)
