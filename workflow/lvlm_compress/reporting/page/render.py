"""The page's text from its template: everything inside, nothing from outside.

Autoescape is on for all text; scripts run only if their hash is in the page's policy, and the
policy lets nothing be loaded, so that even an answer that escaped escaping could neither run nor
call home.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

ASSETS = Path(__file__).resolve().parent / "assets"
_SCRIPTS = ("sortable.auto.min.js", "script.js")


def render(context: dict[str, Any]) -> str:
    """The whole page; a name the template needs and `context` lacks is an error."""
    environment = Environment(
        loader=FileSystemLoader(ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    scripts = [(ASSETS / name).read_text(encoding="utf-8") for name in _SCRIPTS]
    style = (ASSETS / "style.css").read_text(encoding="utf-8")
    page = environment.get_template("report.html.j2")
    return page.render(**context, scripts=scripts, style=style, policy=policy(scripts))


def policy(scripts: list[str]) -> str:
    """Content-Security-Policy: our own scripts by hash, pictures inside the page, nothing else."""
    hashes = " ".join(f"'sha256-{_sha256(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _sha256(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
