"""Judge prompts: text files with `${name}` where the question, truth and answer go."""

from __future__ import annotations

from pathlib import Path
from string import Template

from lvlm_compress.errors import UserError

SHIPPED = Path(__file__).resolve().parents[2] / "resources" / "judging"


def read_template(name: str, folder: Path | None, placeholders: tuple[str, ...]) -> Template:
    """Template `<name>.txt` of `folder` if it is there, else the shipped one.

    Raises:
        UserError: the file lacks a placeholder, or has one that it must not have.
    """
    own = None if folder is None else folder / f"{name}.txt"
    file = own if own is not None and own.is_file() else SHIPPED / f"{name}.txt"
    template = Template(file.read_text(encoding="utf-8").removesuffix("\n"))
    if not template.is_valid() or set(template.get_identifiers()) != set(placeholders):
        wanted = ", ".join(f"${{{placeholder}}}" for placeholder in placeholders)
        raise UserError(f"{file} must hold exactly {wanted} ($$ for a dollar sign).")
    return template
