"""One self-contained file: styles, scripts and data inlined, nothing fetched when it opens."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from bench.palette import css_variables
from bench.report.page.packed import zipped

ASSETS = Path(__file__).parent / "assets"
SCRIPTS = (
    "dom", "unpack", "state", "answer", "axis", "scatter", "chooser", "table", "compare", "blocks", "run", "page",
)  # fmt: skip
"""In the order in which they need each other."""


def page(document: dict[str, Any]) -> str:
    """The file."""
    scripts = "\n".join((ASSETS / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)
    parts = {
        "style": css_variables() + (ASSETS / "style.css").read_text(encoding="utf-8"),
        "data": zipped(document),
        "script": scripts,
        "made": escape(document["made"]),
    }
    whole = (ASSETS / "page.html").read_text(encoding="utf-8")
    for name, text in parts.items():
        whole = whole.replace(f"<!--{name}-->", text)
    return whole
