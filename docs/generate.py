"""Writes `docs/reference/`: the recipes, the commands and the results schema, as the code has them.

python docs/generate.py
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

import typer
from pydantic import BaseModel
from typer.cli import get_docs_for_click

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reference"
sys.path.insert(0, str(ROOT))

from bench.cli import app  # noqa: E402
from bench.recipe_help import parameters  # noqa: E402
from bench.registry import load_recipe, recipe_files  # noqa: E402
from bench.schema import Result  # noqa: E402
from benchmarks import record  # noqa: E402

MADE = "<!-- made by docs/generate.py -->\n"


def recipes() -> str:
    """Every recipe with its parameters."""
    lines = [
        MADE,
        "# Recipes",
        "",
        "Of each parameter its default and its meaning. `-r 'lstm[units=128]'` sets one.",
        "",
    ]
    for name in sorted(recipe_files()):
        recipe = load_recipe(name)
        lines += [f"## {name}", "", inspect.getdoc(type(recipe)) or "", ""]
        rows = [(f"`{p.name}`", p.kind, f"`{p.default}`" if p.default else "", p.meaning) for p in parameters(recipe)]
        lines += table(("parameter", "type", "default", "meaning"), rows)
    return "\n".join(lines)


def commands() -> str:
    """Every command with its options, as Typer writes them; examples as code, summaries whole."""
    click = typer.main.get_command(app)
    text = get_docs_for_click(obj=click, ctx=typer.Context(click), name="python -m bench")
    for name, command in getattr(click, "commands", {}).items():
        about = (command.help or "").split("\n\n")[0].replace("\n", " ")
        text = re.sub(rf"^\* `{name}`: .*$", f"* `{name}`: {about}".replace("\\", r"\\"), text, flags=re.MULTILINE)
    text = re.sub(r"\*\*Usage\*\*:\n\n```console\n\$ (.*)\n```", r"Usage: `\1`", text)
    text = re.sub(r"(?:\[dim\].*\[/\]\n+)+", _examples, text)
    return MADE + "\n" + re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


def _examples(found: re.Match[str]) -> str:
    lines = [line.replace("\\[", "[") for line in re.findall(r"\[dim\](.*)\[/\]", found[0])]
    return "\n".join(["```console", *(f"$ {line}" for line in lines), "```", "", ""])


def schema() -> str:
    """Every field of a result."""
    lines = [MADE, "# The results schema", "", inspect.getdoc(sys.modules["bench.schema"]) or "", ""]
    for model in blocks(Result):
        lines += [f"## {model.__name__}", "", inspect.getdoc(model) or "", ""]
        rows = [
            (f"`{name}`", f"`{kind(field.annotation)}`", field.description or "")
            for name, field in model.model_fields.items()
        ]
        lines += table(("field", "type", "meaning"), rows)
    return "\n".join(lines)


def blocks(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A model and those that its fields are of, each once, from the outside in."""
    waiting, seen = [model], {model}
    while waiting:
        yield (one := waiting.pop(0))
        for field in one.model_fields.values():
            for inner in inside(field.annotation):
                if inner not in seen:
                    seen.add(inner)
                    waiting.append(inner)


def inside(annotation: object) -> Iterator[type[BaseModel]]:
    """The models that an annotation speaks of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from inside(argument)


def kind(annotation: object) -> str:
    """An annotation in few characters: `list[Latency]`, `float | None`."""
    text = annotation.__name__ if isinstance(annotation, type) and not get_args(annotation) else str(annotation)
    text = re.sub(r"Annotated\[(\w+), [^\]]*\]", r"\1", text)
    return re.sub(r"^Optional\[(.*)\]$", r"\1 | None", re.sub(r"\b(?:\w+\.)+(?=\w)", "", text))


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """In Markdown, and an empty line; nothing without rows."""
    if not rows:
        return []
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in [[*header], ["---"] * len(header), *cells]] + [""]


def benchmarks() -> str:
    """What each recorded benchmark said, where and when."""
    lines = [MADE, "# Benchmarks, as they were taken", "", inspect.getdoc(record) or "", ""]
    for path in sorted(record.RESULTS.glob("*.json")):
        taken = record.Record.model_validate_json(path.read_bytes())
        source = (ROOT / "benchmarks" / f"{taken.benchmark}.py").read_text(encoding="utf-8")
        about = ast.get_docstring(ast.parse(source)) or ""
        load = "" if taken.other_load is None else f"; others kept {taken.other_load:.1f} cores busy"
        lines += [
            f"## {' '.join([taken.benchmark, *taken.arguments])}", "", about.partition("\n")[0], "",
            f"{taken.taken_at[:16].replace('T', ' ')} UTC, {taken.machine}{load}.", "", "```", *taken.said, "```", "",
        ]  # fmt: skip
    return "\n".join(lines)


PAGES = {"recipes.md": recipes, "commands.md": commands, "schema.md": schema, "benchmarks.md": benchmarks}

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for page, make in PAGES.items():
        (FOLDER / page).write_text(make(), encoding="utf-8")
        print(FOLDER.relative_to(ROOT) / page)
