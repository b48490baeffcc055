"""What `--help` of a recipe shows: its docstring, and of each parameter type, default and meaning."""

from __future__ import annotations

import contextlib
import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bench.contract import Recipe
from bench.errors import BenchError
from bench.params import written
from bench.registry import recipe_file

COMMENT = re.compile(r"^\s+\"(\w+)\": [^#\n]*#\s*(.+)$", re.MULTILINE)
"""A parameter with what stands beside it in the source."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a recipe."""

    name: str
    kind: str
    """`text`, `integer`, `number`, `true or false`; empty where the default is None."""
    default: str
    meaning: str
    """The comment beside the default in the recipe's file; empty where there is none."""


def summary(recipe: Recipe) -> str:
    """The first line of its docstring."""
    return (type(recipe).__doc__ or "").strip().partition("\n")[0]


def parameters(recipe: Recipe) -> list[Parameter]:
    """All of them, in the order of its `defaults`."""
    meanings = dict(_comments(recipe))
    return [
        Parameter(name, _kind(default), written(default), meanings.get(name, ""))
        for name, default in recipe.defaults.items()
    ]


def _comments(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Of the recipes that it derives from first, so that its own come last."""
    for owner in reversed(type(recipe).__mro__):
        name = vars(owner).get("name")
        if isinstance(name, str):
            with contextlib.suppress(BenchError, OSError):
                yield from COMMENT.findall(recipe_file(name).path.read_text(encoding="utf-8"))


def _kind(default: Any) -> str:
    for kind, name in ((bool, "true or false"), (int, "integer"), (float, "number"), (str, "text")):
        if isinstance(default, kind):
            return name
    return ""


LEFT = 34
"""Where meanings begin."""


def help_text(recipe: Recipe, width: int) -> str:
    """Name, docstring and parameters as options, in lines of at most `width` characters where words allow it."""
    about = f"{recipe.name}: {inspect.getdoc(type(recipe)) or ''}"
    lines = ["\n\n".join(textwrap.fill(part, width) for part in about.split("\n\n")), ""]
    for parameter in parameters(recipe):
        option = f"    --{parameter.name.replace('_', '-')} {parameter.default}".ljust(LEFT)
        meaning = ": ".join(filter(None, (parameter.kind, parameter.meaning)))
        if not option.endswith(" "):
            lines.append(option)
            option = " " * LEFT
        lines.append(textwrap.fill(meaning, width, initial_indent=option, subsequent_indent=" " * LEFT).rstrip())
    return "\n".join(lines).rstrip()
