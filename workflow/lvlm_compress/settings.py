"""Config, grid and overrides resolved in one place, for the Snakefile and every command line."""

from __future__ import annotations

import copy
import difflib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from lvlm_compress.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "workflow" / "schemas"
GRIDS = ROOT / "workflow" / "grids"


@dataclass(frozen=True)
class Settings:
    """A validated config with its grid.

    Attributes:
        root: the clone; relative paths of config and grid are relative to it.
        config: config.yaml with overrides and defaults.
        grid: the grid file with defaults.
        grid_name: what to call it in the report.
    """

    root: Path
    config: Mapping[str, Any]
    grid: Mapping[str, Any]
    grid_name: str

    @cached_property
    def store(self) -> Path:
        """The artifact store."""
        return self.path(self.config["results_dir"])

    @property
    def published(self) -> Path:
        """Where tables, figures and the report always go: the clone's own results folder."""
        return self.root / "results"

    def place(self, path: str) -> Path:
        """Where the artifact of a cell's path lies: a report in the clone, all else in the store.

        A report costs seconds and is about one clone's selection; so a store need not be writable.
        """
        return (self.published if path.startswith("reports/") else self.store) / path

    def path(self, text: str) -> Path:
        """A path of config or grid: variables expanded, relative to the clone."""
        expanded = os.path.expanduser(os.path.expandvars(text))  # noqa: PTH111 - also "~user"
        if "$" in expanded:
            raise UserError(f"Path '{text}' uses an environment variable that is not set; set it.")
        return self.root / expanded

    def data_path(self, text: str) -> Path:
        """A benchmark's data folder: relative to `data_dir`."""
        return self.path(str(Path(self.config["data_dir"]) / text))


def resolve(
    root: Path = ROOT,
    config: Mapping[str, Any] | None = None,
    grid: str | None = None,
    overrides: Iterable[str] = (),
) -> Settings:
    """Settings from config.yaml (or an already parsed config), a grid name and `k=v` overrides.

    Raises:
        UserError: a key or value that the schemas don't know, named with its place.
    """
    values = copy.deepcopy(dict(config)) if config is not None else read_yaml(root / "config.yaml")
    if grid is not None:
        values["grid"] = grid
    for override in overrides:
        _set(values, override)
    values = validated(_typed(values), "config", "config.yaml")
    grid_file = find_grid(root, values["grid"])
    content = validated(read_yaml(grid_file), "grid", str(grid_file))
    return Settings(root, values, content, Path(values["grid"]).stem)


def find_grid(root: Path, name: str) -> Path:
    """The file of a grid given by name or by path; an unknown one is a UserError."""
    for file in (GRIDS / f"{name}.yaml", root / name):
        if file.is_file():
            return file
    names = ", ".join(sorted(file.stem for file in GRIDS.glob("*.yaml")))
    raise UserError(f"Grid '{name}' (config key 'grid') is neither a file nor one of: {names}.")


def read_yaml(file: Path) -> dict[str, Any]:
    """A YAML file that holds a map."""
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"{file} does not exist.") from error
    except yaml.YAMLError as error:
        raise UserError(f"{file} is not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise UserError(f"{file} must hold a map of keys to values.")
    return content


def validated(content: dict[str, Any], schema_name: str, where: str) -> dict[str, Any]:
    """Content with the schema's defaults filled in; raises a UserError that names the key."""
    schema = read_yaml(SCHEMAS / f"{schema_name}.schema.yaml")
    error = best_match(Draft202012Validator(schema).iter_errors(content))
    if error is not None:
        raise UserError(_sentence(error, where))
    filled: dict[str, Any] = _filled(content, schema)
    return filled


def _sentence(error: ValidationError, where: str) -> str:
    place = ".".join(str(key) for key in error.absolute_path) or "top level"
    message = f"{where}, {place}: {error.message}."
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = sorted(error.schema.get("properties", {}))
        unknown = [key for key in error.instance if key not in known]
        near = [n for key in unknown for n in difflib.get_close_matches(key, known, n=1)]
        message += f" Known keys: {', '.join(known)}."
        message += f" Did you mean '{near[0]}'?" if near else ""
    return message


def _filled(content: Any, schema: Mapping[str, Any]) -> Any:
    if not isinstance(content, dict):
        return content
    properties: Mapping[str, Any] = schema.get("properties", {})
    filled = {
        key: copy.deepcopy(sub["default"])
        for key, sub in properties.items()
        if "default" in sub and key not in content
    } | content
    other = schema.get("additionalProperties")
    for key, value in filled.items():
        sub = properties.get(key, other if isinstance(other, dict) else {})
        options = [sub, *sub.get("oneOf", [])]
        for option in options:
            if isinstance(value, dict) and option.get("type") in ("object", ["object", "null"]):
                filled[key] = value = _filled(value, option)
    return filled


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    """Values as YAML would read them: `snakemake --config` hands nested ones over as text."""
    for section in ("runtime", "report"):
        if isinstance(values.get(section), dict):
            values[section] = {key: _read(value) for key, value in values[section].items()}
    select = values.get("select")
    if isinstance(select, dict) and isinstance(select.get("seeds"), list):
        values["select"] = {**select, "seeds": [_read(seed) for seed in select["seeds"]]}
    return values


def _read(value: Any) -> Any:
    return yaml.safe_load(value) if isinstance(value, str) else value


def _set(values: dict[str, Any], override: str) -> None:
    key, separator, text = override.partition("=")
    if not separator:
        raise UserError(f"Override '{override}' must look like key=value or key.sub=value.")
    *parents, last = key.split(".")
    target = values
    for parent in parents:
        target = target.setdefault(parent, {})
    target[last] = yaml.safe_load(text)
